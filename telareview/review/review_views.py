"""`/tasks/<uuid>/review/`: look at a task, correct it, approve it; and the queue that leads from one to the next."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from telareview.accounts.writing import write_required
from telareview.review.claims import release, take
from telareview.review.draft import BrokenForm
from telareview.review.page import ReviewPage
from telareview.review.queue import Queue, claim_next, queue_of, waiting
from telareview.review.refusals import TROUBLE, ChangedMeanwhile, NotAsTyped, NotReviewed, said
from telareview.review.reviewing import Reviewed, Wish, review_task
from telareview.sync.connection import writing_client
from telareview.tasks.diff import MISSING, Json
from telareview.tasks.paging import BrokenCursor
from telareview.web.htmx import wants_part

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

TEMPLATE = "review/task.html"
NOT_VALID, CONFLICT, NO_ANSWER = 422, 409, 502


@require_http_methods(["GET", "HEAD", "POST"])
@write_required("approve")
def task(request: "MemberRequest", task_id: UUID) -> HttpResponse:
    """The page; and its form, sent with one of the acts save, save-approve, approve, skip, add:… and remove:…."""
    page = ReviewPage.asked_for(request, task_id)
    if request.method != "POST":
        # Others are told that somebody is at this task; it is no lock.
        take(request.workspace, request.user, task_id)
        return _show(page)
    act = request.POST.get("act", "preview")
    if act == "skip":
        release(request.workspace, request.user, task_id)
        return redirect(page.onward)
    if act.startswith(("add:", "remove:")):
        return _reshape(page, act)
    if act not in {"save", "save-approve", "approve"}:
        return _preview(page)
    return _write(page, save=act != "approve", approve=act != "save")


@require_POST
@write_required("approve")
def preview(request: "MemberRequest", task_id: UUID) -> HttpResponse:
    """`/tasks/<uuid>/review/preview/`: what the draft would change; the whole page without scripts."""
    take(request.workspace, request.user, task_id)
    return _preview(ReviewPage.asked_for(request, task_id))


@require_safe
@write_required("approve")
def next_task(request: "MemberRequest") -> HttpResponse:
    """`/tasks/review/next/?<filter>`: on to the next task of the list that waits and that nobody else is at."""
    zone = get_current_timezone()
    queue = queue_of(request, request.GET, zone)
    try:
        found = claim_next(request.workspace, request.user, queue, zone)
    except BrokenCursor:
        queue = Queue(queue.task_filter.from_start(), 1, 0)
        found = claim_next(request.workspace, request.user, queue, zone)
    for problem in queue.problems:
        messages.warning(request, problem)
    left = waiting(request.workspace, queue.task_filter.from_start(), zone).count()
    if found is None:
        return render(request, "review/queue_end.html", {"queue": queue, "left": left, "done": queue.at - 1})
    queue = Queue(queue.task_filter, queue.at, max(queue.of or left, queue.at))
    return redirect(f"{ReviewPage.path(found.task_id)}?{queue.suffix()}")


def _show(page: ReviewPage, status: int = 200) -> HttpResponse:
    return render(page.request, TEMPLATE, {"page": page}, status=status)


def _preview(page: ReviewPage) -> HttpResponse:
    page.say()
    if wants_part(page.request):
        return render(page.request, f"{TEMPLATE}#preview", {"page": page})
    return _show(page, NOT_VALID if page.mistakes else 200)


def _reshape(page: ReviewPage, act: str) -> HttpResponse:
    """An item or a field more or less; what was typed stays, right or wrong."""
    verb, _colon, place = act.partition(":")
    try:
        if verb == "add":
            page.draft.add(place)
        else:
            page.draft.remove(place)
    except BrokenForm:
        page.trouble = _("This place has gone from the form meanwhile; nothing was changed.")
    if wants_part(page.request):
        return render(page.request, f"{TEMPLATE}#fields", {"page": page})
    return _show(page)


def _write(page: ReviewPage, *, save: bool, approve: bool) -> HttpResponse:
    edited: Json = page.content
    if page.has_draft:
        said_value = page.say()
        if said_value is MISSING:
            return _show(page, NOT_VALID)
        edited = said_value
    if save != page.is_edited(edited):
        page.trouble = (
            _("You have changed nothing. Approve directly, or change what is wrong.")
            if save
            else _("You have changed fields, which approving directly would leave out. Save and approve them instead.")
        )
        return _show(page, NOT_VALID)
    return _send(page, edited, save=save, approve=approve)


def _send(page: ReviewPage, edited: Json, *, save: bool, approve: bool) -> HttpResponse:
    """Write it, and go on; or show what stands in the way, with everything that was typed."""
    workspace, person = page.request.workspace, page.request.user
    if page.record is None:
        raise BadRequest
    wish = Wish(page.record, edited if save else MISSING, approve)
    try:
        with writing_client(workspace) as client:
            done = review_task(client, workspace, person, wish)
    except (ChangedMeanwhile, NotAsTyped) as error:
        page.rebase(edited)
        page.trouble = said(error)
        return _show(page, CONFLICT)
    except TROUBLE as error:
        page.trouble = said(error)
        return _show(page, CONFLICT if isinstance(error, NotReviewed) else NO_ANSWER)
    release(workspace, person, page.task.task_id)
    messages.success(page.request, _outcome(done))
    return redirect(page.onward if done.approved else page.address)


def _outcome(done: Reviewed) -> str:
    if done.again:
        return _("You had approved this task already.")
    if done.corrected and done.approved:
        return _("Saved and approved in Tela.")
    return _("Approved in Tela.") if done.approved else _("Saved in Tela.")
