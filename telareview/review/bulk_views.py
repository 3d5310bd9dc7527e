"""`/tasks/review/bulk/`: approve all waiting tasks of a list, after saying how many, and see what came of each."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from telareview.accounts.writing import write_required
from telareview.review.bulk import MOST_TASKS, SelectionChanged, begin, counts, select
from telareview.review.bulk_jobs import MAY_NO_LONGER, STOPPED, ask_for_approvals
from telareview.review.models import BulkReview, BulkTask
from telareview.review.queue import queue_of, waiting
from telareview.review.refusals import kept_reason
from telareview.sync.error_words import sentence_of
from telareview.tasks.paging import read_page
from telareview.web.htmx import render_page_or_part

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

SAMPLE = 10
RESULTS_SHOWN = 500
CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
@write_required("approve")
def bulk(request: "MemberRequest") -> HttpResponse:
    """`/tasks/review/bulk/?<filter>`: how many it would be, asked once more; sent, they are written down and begun."""
    zone = get_current_timezone()
    queue = queue_of(request, request.GET, zone)
    task_filter = queue.task_filter.from_start()
    selection = select(request.workspace, task_filter, zone)
    changed = False
    # A part of the address that cannot be read would make the selection wider than was meant.
    if request.method == "POST" and not queue.problems:
        try:
            begun = begin(
                request.workspace, request.user, task_filter.as_query(), selection, request.POST.get("mark", "")
            )
        except SelectionChanged:
            changed = True
        else:
            ask_for_approvals(begun)
            return redirect("review:bulk-result", begun.pk)
    sample = read_page(waiting(request.workspace, task_filter, zone), task_filter.replace(limit=SAMPLE)).rows
    context = {"selection": selection, "queue": queue, "sample": sample, "changed": changed, "most": MOST_TASKS}
    return render(request, "review/bulk.html", context, status=CONFLICT if changed else 200)


@require_safe
@write_required("approve")
def result(request: "MemberRequest", number: int) -> HttpResponse:
    """`/tasks/review/bulk/<n>/`: how far it is, and what came of each task."""
    bulk = get_object_or_404(BulkReview, workspace=request.workspace, pk=number)
    tasks = bulk.tasks.exclude(result__in=["", BulkTask.Result.APPROVED]).order_by("pk")[:RESULTS_SHOWN]
    left_out = [(task, kept_reason(task.code, task.words, task.detail)) for task in tasks]
    context = {"bulk": bulk, "counts": counts(bulk), "left_out": left_out, "trouble": _trouble(bulk)}
    return render_page_or_part(request, "review/bulk_result.html", "progress", context)


@require_POST
@write_required("approve")
def resume(request: "MemberRequest", number: int) -> HttpResponse:
    """`/tasks/review/bulk/<n>/resume/`: go on where it stopped."""
    bulk = get_object_or_404(BulkReview, workspace=request.workspace, pk=number, person=request.user)
    if bulk.ended_at is None:
        ask_for_approvals(bulk)
    return redirect("review:bulk-result", bulk.pk)


def _trouble(bulk: BulkReview) -> str:
    """Why it stopped, in the reader's language; "" while it goes on."""
    if bulk.trouble == MAY_NO_LONGER:
        return _("Whoever asked for this may no longer approve tasks.")
    if bulk.trouble == STOPPED:
        return _("It was stopped before its end. What was approved is approved.")
    return sentence_of(bulk.trouble) if bulk.trouble else ""
