"""The list and the task page: parse, fetch, decide, render."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from telareview.accounts.access import member_required
from telareview.tasks.counting import count
from telareview.tasks.detail import TABS, TaskPage, find_version
from telareview.tasks.feed import make_feed
from telareview.tasks.following import MOST_TURNS, Following
from telareview.tasks.known import matching_tasks
from telareview.tasks.listing import ask, make_listing
from telareview.tasks.models import Task
from telareview.web.htmx import render_page_or_part

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest


@require_safe
@member_required
def task_list(request: "MemberRequest") -> HttpResponse:
    """`/tasks/`: one page of the mirror; `?source=live` asks Tela first, which is another address."""
    task_filter, notices = ask(request)
    if task_filter.source == "live" and task_filter.as_of is None:
        return redirect(task_filter.replace(source="").address(reverse("sync:live")))
    listing = make_listing(request, task_filter, notices)
    return render_page_or_part(request, "tasks/list.html", "results", {"listing": listing})


@require_safe
@member_required
def task_count(request: "MemberRequest") -> HttpResponse:
    """`/tasks/count/`: how many tasks a list has; `exact=1` counts to the end."""
    query = request.GET.copy()
    exact = bool(query.pop("exact", None))
    request.GET = query  # type: ignore[assignment]
    task_filter, _notices = ask(request)
    matching = matching_tasks(request.workspace, task_filter, get_current_timezone())
    context = {
        "count": count(matching, exact=exact),
        "exact_address": task_filter.whole_list().address(request.path),
        "list_address": task_filter.whole_list().address("/tasks/"),
    }
    return render_page_or_part(request, "tasks/count.html", "count", context)


@require_safe
@member_required
def history(request: "MemberRequest") -> HttpResponse:
    """`/history/`: every change of every task, newest first."""
    context = {"listing": make_feed(request), "may_export": request.membership.may("export")}
    return render_page_or_part(request, "tasks/feed.html", "results", context)


@require_safe
@member_required
def task_detail(request: "MemberRequest", task_id: UUID, tab: str = "", number: int | None = None) -> HttpResponse:
    """`/tasks/<uuid>/`, a tab of it, or one of its versions."""
    if tab and tab not in TABS:
        raise Http404
    page = task_page(request, task_id, tab or ("compare" if number else ""), number)
    context = {"page": page, "may_erase": request.membership.may("administer")}
    return render_page_or_part(request, "tasks/detail.html", "panel", context)


@require_safe
@member_required
def task_raw(request: "MemberRequest", task_id: UUID) -> HttpResponse:
    """`/tasks/<uuid>/raw.json`: the payload to the letter, as a download."""
    page = task_page(request, task_id, "raw", None)
    if page.payload_text is None:
        raise Http404(_("This version has no payload."))
    name = f"task-{task_id}-v{page.version.number}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(page.download, content_type="application/json", headers=headers)


@require_safe
@member_required
def task_following(request: "MemberRequest", task_id: UUID) -> HttpResponse:
    """`/tasks/<uuid>/following/`: the next turn of a running task's page; a task that has moved reloads the page."""
    task = get_object_or_404(Task.objects.of(request.workspace), task_id=task_id)
    number, turn = (_count(request.GET.get(name, "")) for name in ("number", "turn"))
    following = Following(task, number, min(turn, MOST_TURNS))
    response = render(request, "tasks/following.html", {"following": following})
    if following.has_moved:
        response["HX-Refresh"] = "true"
    return response


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def task_page(request: "MemberRequest", task_id: UUID, tab: str, number: int | None) -> TaskPage:
    """The page of one of this workspace's tasks. Raises Http404 for everything else."""
    query = request.GET.copy()
    version, against = (_version_number((query.pop(name, None) or [""])[-1]) for name in ("version", "against"))
    request.GET = query  # type: ignore[assignment]
    number = version if number is None else number
    task_filter, notices = ask(request)
    found = find_version(request.workspace, task_id, number, task_filter.as_of)
    if found is None:
        raise Http404(_("There is no such task in this workspace."))
    page = TaskPage(*found, task_filter, tab, notices)
    page.against = against
    return page


def _version_number(text: str) -> int | None:
    """None for what is no number of a version."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None
