"""What the pages about new tasks show: the apps to choose from, the form of one of them, and where Tela may call."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from telareview.review.asks import what_app_asks
from telareview.review.dropped import DropForm
from telareview.review.file_kinds import KINDS
from telareview.review.marker import CLOCKS_APART, new_marker
from telareview.review.models import Batch, BatchRow
from telareview.review.new_form import NewTaskForm, app_of
from telareview.review.problems import sentence
from telareview.review.table import MOST_ROWS
from telareview.sync.error_words import in_readers_language, spoken
from telareview.sync.subscriptions import path_of
from telareview.tasks.app_names import named_apps
from telareview.web.times import short_id

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest
    from telareview.accounts.models import Workspace


def choice_of_app(request: "MemberRequest") -> dict[str, Any]:
    """`apps` of the mirror, and `app`, the one chosen (None while none is, or what was given is no id)."""
    given = request.POST.get("app") or request.GET.get("app") or ""
    app_id = app_of(given)
    return {
        "apps": [app for app in named_apps(request.workspace) if app.application_id],
        "app": app_id,
        "app_name": _name(request.workspace, app_id) if app_id else "",
        "wrong_app": given if given and app_id is None else "",
        "kinds": ", ".join(KINDS),
        "most_rows": MOST_ROWS,
    }


def new_task_form(request: "MemberRequest", app_id: UUID) -> NewTaskForm:
    """The form of this app, filled with what was sent. Asks Tela what the app asks for."""
    asked = what_app_asks(request.workspace, app_id)
    more: dict[str, Any] = {"asked": asked, "can_tell": can_tell(request.workspace)}
    if request.method == "POST":
        return NewTaskForm(request.POST, request.FILES, **more)
    return NewTaskForm(initial={"once": new_marker()}, **more)


def drop_form(request: "MemberRequest", app_id: UUID) -> DropForm:
    """The form beside dropped files. Asks Tela what the app asks for."""
    asked = what_app_asks(request.workspace, app_id)
    return DropForm(request.POST, asked=asked) if request.method == "POST" else DropForm(asked=asked)


def form_context(form: NewTaskForm) -> dict[str, Any]:
    """The form, and `untold`: why Tela does not say what the app asks for."""
    trouble = form.asked.trouble
    return {"form": form, "untold": spoken(trouble) if trouble else ""}


def of_batch(batch: Batch) -> dict[str, Any]:
    """The notices of a batch in words, and the name of its app."""
    return {
        "notices": [sentence(each) for each in batch.notices],
        "spoken_error": in_readers_language(batch.error_code, batch.error),
        "app_name": _name(batch.workspace, batch.application_id),
        "title": batch.source or (_("Dropped files") if batch.rows.count() > 1 else _("One task")),
    }


def tasks_since(batch: Batch, row: BatchRow) -> str:
    """Address of the list in which a task of this row would stand, had it been created."""
    query = {"promptApplicationId": batch.application_id, "orderBy": "createdAt", "order": "desc", "source": "live"}
    if row.sent_at is not None:
        query["createdAtSince"] = (row.sent_at - CLOCKS_APART).isoformat(timespec="seconds")
    return f"{reverse('tasks:list')}?{urlencode(query)}"


def can_tell(workspace: "Workspace") -> bool:
    """Whether Tela can be asked to call us: deliveries without our secret would be refused."""
    return bool(workspace.webhook_secret_encrypted)


def webhook_address(request: "MemberRequest") -> str:
    """Where Tela calls for this workspace, as the reader reaches us."""
    return request.build_absolute_uri(path_of(request.workspace)) if can_tell(request.workspace) else ""


def _name(workspace: "Workspace", app_id: UUID) -> str:
    names = {app.application_id: app.name for app in named_apps(workspace)}
    return names.get(app_id) or short_id(str(app_id))
