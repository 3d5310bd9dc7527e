"""The sync page: runs, what is under way or asked for, rows that could not be read; and the drift report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Count
from django.db.models.functions import Left, Length
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from telareview.accounts.access import member_required, right_required
from telareview.accounts.models import Workspace
from telareview.sync.drift import OTHERS_SHOWN, comparisons, report_of
from telareview.sync.exclusive import is_being_pulled
from telareview.sync.jobs import ask_for, pull_workspace, sweep_workspace
from telareview.sync.models import AbsentTask, QuarantinedRow, SyncRun
from telareview.sync.progress import progress_of
from telareview.sync.reason_words import reason_in_readers_language
from telareview.sync.waiting import is_a_worker_alive, waiting
from telareview.tasks.app_names import named_apps
from telareview.tasks.models import Task
from telareview.web.htmx import render_page_or_part

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

RUNS_SHOWN = 50
ROWS_SHOWN = 50
#: Of a row so much is shown on the page; the rest has a page of its own.
CHARACTERS_SHOWN = 4_000


@require_safe
@member_required
def status(request: "MemberRequest") -> HttpResponse:
    """`/sync/`: the last runs and the one under way, what was asked for, and what could not be read."""
    workspace = request.workspace
    context = {
        **_runs(workspace),
        "quarantined": _quarantined(workspace),
        "may_sync": request.membership.may("sync"),
        "may_export": request.membership.may("export"),
        "apps": named_apps(workspace),
    }
    return render_page_or_part(request, "sync/status.html", "runs", context)


def _runs(workspace: Workspace) -> dict[str, Any]:
    """The runs, the one under way with its progress, and what waits for a worker."""
    runs = list(
        SyncRun.objects.filter(workspace=workspace)
        .annotate(found=Count("findings"))
        .order_by("-started_at")[:RUNS_SHOWN]
    )
    # A run whose process was killed stays open until the next one closes it.
    under_way = next((run for run in runs if run.ended_at is None), None)
    if under_way is not None and not is_being_pulled(workspace):
        under_way = None
    asked_for = waiting(workspace)
    return {
        "runs": runs,
        "under_way": under_way,
        "progress": progress_of(workspace, under_way) if under_way else None,
        "asked_for": [kind.label for kind in asked_for],
        "nobody_works": bool(asked_for) and not is_a_worker_alive(),
    }


def _quarantined(workspace: Workspace) -> Sequence[QuarantinedRow]:
    """Rows that could not be read, each with `spoken_reason`, the `head` of its JSON and its `card`. Two statements."""
    rows = list(
        QuarantinedRow.objects.filter(workspace=workspace)
        .annotate(head=Left("raw_json", CHARACTERS_SHOWN), size=Length("raw_json"))
        .defer("raw_json")
        .order_by("-last_seen_at")[:ROWS_SHOWN]
    )
    ids = [row.task_id for row in rows if row.task_id]
    cards = {str(card.task_id): card for card in Task.objects.of(workspace).filter(task_id__in=ids)}
    for row in rows:
        card = cards.get(row.task_id)
        row.spoken_reason = reason_in_readers_language(row.reason)  # type: ignore[attr-defined]
        row.is_cut = row.size > CHARACTERS_SHOWN  # type: ignore[attr-defined]
        row.is_mirrored = card is not None  # type: ignore[attr-defined]
        # The mirror learned a state of the task after this row had come.
        row.was_read_later = card is not None and card.observed_at > row.last_seen_at  # type: ignore[attr-defined]
    return rows


@require_safe
@member_required
def raw_row(request: "MemberRequest", number: int) -> HttpResponse:
    """`/sync/rows/<n>/`: the whole of one row that could not be read, as it came, as plain text."""
    row = get_object_or_404(QuarantinedRow, workspace=request.workspace, pk=number)
    return HttpResponse(row.raw_json, content_type="text/plain; charset=utf-8")


@require_safe
@member_required
def drift(request: "MemberRequest") -> HttpResponse:
    """`/sync/drift/`: what the last comparison found, or with `?run=` an earlier one, by task."""
    workspace = request.workspace
    runs = comparisons(workspace)
    asked = request.GET.get("run", "")
    run = get_object_or_404(runs, pk=int(asked)) if asked.isdecimal() and len(asked) < 19 else runs.first()
    context = {
        "report": report_of(run) if run else None,
        "others": comparisons(workspace, finding=True).exclude(pk=run.pk)[:OTHERS_SHOWN] if run else [],
        "absent": AbsentTask.objects.filter(workspace=workspace).count(),
        "may_sync": request.membership.may("sync"),
    }
    return render(request, "sync/drift.html", context)


@require_POST
@right_required("sync")
def pull(request: "MemberRequest") -> HttpResponse:
    """`/sync/pull/`: put a pull into the queue; the worker does it."""
    ask_for(pull_workspace, request.workspace)
    messages.success(request, _("A pull was asked for; it appears below as soon as a worker takes it up."))
    return redirect("sync:status")


@require_POST
@right_required("sync")
def sweep(request: "MemberRequest") -> HttpResponse:
    """`/sync/sweep/`: put a full comparison into the queue; the worker does it."""
    ask_for(sweep_workspace, request.workspace)
    messages.success(request, _("A sweep was asked for; it appears below as soon as a worker takes it up."))
    return redirect("sync:status")
