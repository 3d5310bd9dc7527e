"""The live check, the freshness of the mirror, a task asked for again, and the names of apps."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from telareview.accounts.access import member_required, right_required
from telareview.sync.connection import NoKey
from telareview.sync.error_words import spoken
from telareview.sync.freshness import freshness_of
from telareview.sync.live import check_live
from telareview.sync.refresh import TaskIsGone, refresh_task
from telareview.sync.tela_versions import ask_for_history
from telareview.tasks.app_names import named_apps
from telareview.tasks.listing import ask, make_listing
from telareview.tasks.models import AppName, Task
from telareview.tasks.views import task_page
from telareview.tela import TelaError
from telareview.web.htmx import render_page_or_part, wants_part

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest


@require_safe
@member_required
def task_list_live(request: "MemberRequest") -> HttpResponse:
    """`/tasks/live/`: the list's own question asked of Tela, then the list from the mirror again."""
    task_filter, notices = ask(request)
    check = check_live(request.workspace, task_filter, get_current_timezone())
    listing = make_listing(request, task_filter, notices, fresh=check.fresh)
    context = {"listing": listing, "live": check, "freshness": freshness_of(request.workspace)}
    return render_page_or_part(request, "tasks/list.html", "results", context)


@require_safe
@member_required
def freshness(request: "MemberRequest") -> HttpResponse:
    """`/sync/freshness/`: how old the mirror is, for the head of every page."""
    context = {"freshness": freshness_of(request.workspace)}
    return render(request, "sync/freshness.html", context)


@require_POST
@right_required("sync")
def name_app(request: "MemberRequest") -> HttpResponse:
    """`/sync/apps/`: what people call an app; an empty name shows its id again."""
    application_id, name = request.POST.get("app", ""), request.POST.get("name", "").strip()[:150]
    if application_id not in {str(app.application_id) for app in named_apps(request.workspace)}:
        raise Http404(_("There is no such app in this workspace."))
    if name:
        AppName.objects.update_or_create(
            workspace=request.workspace, application_id=application_id, defaults={"name": name}
        )
    else:
        AppName.objects.filter(workspace=request.workspace, application_id=application_id).delete()
    messages.success(request, _("The name was kept."))
    return redirect("sync:status")


@require_POST
@member_required
def refresh(request: "MemberRequest", task_id: UUID) -> HttpResponse:
    """`/tasks/<uuid>/refresh/`: fetch one task again, and say what came of it."""
    if not Task.objects.of(request.workspace).filter(task_id=task_id).exists():
        raise Http404(_("There is no such task in this workspace."))
    try:
        changed = refresh_task(request.workspace, task_id)
    except (TelaError, NoKey, TaskIsGone) as error:
        messages.error(request, spoken(error))
    else:
        messages.success(request, _("Tela sent a newer state.") if changed else _("Nothing has changed in Tela."))
    return redirect("tasks:detail", task_id)


@require_safe
@member_required
def tela_versions(request: "MemberRequest", task_id: UUID) -> HttpResponse:
    """`/tasks/<uuid>/tela-versions/`: the History tab after Tela was asked for its own history, which is kept."""
    page = task_page(request, task_id, "history", None)
    error = ""
    try:
        page.told_until = ask_for_history(request.workspace, task_id)
    except (TelaError, NoKey) as failure:
        error = spoken(failure)
    if not wants_part(request):
        if error:
            messages.error(request, error)
        return redirect(f"{reverse('tasks:tab', args=[task_id, 'history'])}{page.version_suffix}")
    return render(request, "sync/tela_versions.html", {"page": page, "error": error})
