"""Changes of a task of which nobody knows what became: their answer was lost, or our process ended on the way.

Whoever holds the task and looks at it notes what the look shows: the next reviewer, or a worker that comes round
(`settle_task`). Tela names the owner of the API key alone, so without it nobody would stand on such an approval.
"""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.review.actions import body_of, settle_lost, settle_untold
from telareview.review.holds import hold_task
from telareview.review.models import BatchRow, OutgoingAction
from telareview.review.patch import deep_merge, same_json
from telareview.sync.refresh import TaskIsGone
from telareview.tasks.acts import Doer, acts_of, approver_here, note_approval, note_correction
from telareview.tasks.detail import TaskPage
from telareview.tasks.diff import changed_leaf_paths
from telareview.tasks.filters import TaskFilter
from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Learned, Task, TaskVersion
from telareview.tasks.revision import content_of, is_approved
from telareview.tela import NotFound, TaskRecord, TelaClient

Act, Outcome = OutgoingAction.Act, OutgoingAction.Outcome
#: Tela's clock may be so far from ours, and a change be so long on its way.
CLOCKS_DIFFER, LONGEST_WAY = dt.timedelta(minutes=1), dt.timedelta(minutes=5)
#: A process that sent something so long ago has ended: its longest call is an upload of five minutes.
ENDED_AFTER = dt.timedelta(minutes=15)


def unsettled(workspace: Workspace) -> QuerySet[OutgoingAction]:
    """Changes of tasks that ended without a known outcome, or may still be on their way."""
    open_ones = OutgoingAction.objects.filter(workspace=workspace, outcome__in=["", Outcome.LOST])
    return open_ones.filter(act__in=[Act.EDIT, Act.APPROVE], task_id__isnull=False)


def look_again(client: TelaClient, workspace: Workspace, task_id: UUID) -> TaskRecord:
    """The task as Tela has it now, mirrored, and what that shows of its open changes noted. The caller holds the task.

    Raises TaskIsGone, TelaError.
    """
    asked_at = timezone.now()
    try:
        now = client.get_task(task_id)
    except NotFound as error:
        raise TaskIsGone from error
    record_tasks([now], Look(workspace, Learned.REFRESH, asked_at))
    for action in unsettled(workspace).filter(task_id=task_id).order_by("-sent_at"):
        with transaction.atomic():
            settle = _settle_approval if action.act == Act.APPROVE else _settle_correction
            settle(workspace, action, now)
    return now


def settle_task(client: TelaClient, workspace: Workspace, task_id: UUID) -> None:
    """Look at one task with open changes. Raises Held while somebody is at it, TelaError."""
    with hold_task(workspace, task_id):
        try:
            look_again(client, workspace, task_id)
        except TaskIsGone:
            for action in unsettled(workspace).filter(task_id=task_id):
                settle_untold(action)


def close_unsent() -> None:
    """Give an outcome to what processes left behind that ended before they sent it.

    A creation that no row names did not leave; an upload left at most an empty file that no task names.
    """
    left = OutgoingAction.objects.filter(outcome="", sent_at__lt=timezone.now() - ENDED_AFTER)
    named = BatchRow.objects.filter(action__isnull=False).values("action")
    ended = {"ended_at": timezone.now()}
    left.filter(act__in=[Act.CREATE, Act.COMPLETE]).exclude(pk__in=named).update(outcome=Outcome.UNSENT, **ended)
    left.filter(act=Act.UPLOAD).update(outcome=Outcome.LOST, **ended)


def _settle_approval(workspace: Workspace, action: OutgoingAction, now: TaskRecord) -> None:
    """Newest first, so that of several approvals the one before Tela's moment is the one that was carried out."""
    since, until = action.sent_at - CLOCKS_DIFFER, action.sent_at + LONGEST_WAY
    if is_approved(now) and now.approved_at and since <= now.approved_at <= until:
        if approver_here(acts_of(workspace, now.id), now.approved_at):
            settle_lost(action, made=None)
            return
        settle_lost(action, made=[])
        note_approval(workspace, Doer(action.person_email, action.pk), now)
    elif TaskVersion.objects.of_task(workspace, now.id).filter(approved_at__range=(since, until)).exists():
        # Approved at the time, and taken back since.
        settle_untold(action)
    else:
        settle_lost(action, made=None)


def _settle_correction(workspace: Workspace, action: OutgoingAction, now: TaskRecord) -> None:
    before = _seen_before(workspace, now.id, action.sent_at)
    body = body_of(action)
    if before is None or not isinstance(body, dict) or "outputContent" not in body:
        settle_untold(action)
        return
    was, held = content_of(before.output_content), content_of(now.output_content)
    wanted = body["outputContent"] if now.source_type == "agent" else deep_merge(was, body["outputContent"])
    if same_json(held, wanted):
        settle_lost(action, made=[])
        note_correction(workspace, Doer(action.person_email, action.pk), before, now, changed_leaf_paths(was, held))
    elif same_json(held, was):
        settle_lost(action, made=None)
    else:
        settle_untold(action)


def _seen_before(workspace: Workspace, task_id: UUID, moment: dt.datetime) -> TaskRecord | None:
    """The state that was written upon: the newest one known at that moment. None where it was erased since."""
    card = Task.objects.of(workspace).filter(task_id=task_id).first()
    version = TaskVersion.objects.of_task(workspace, task_id).filter(observed_at__lte=moment).first()
    return TaskPage(card, version, TaskFilter(), "").record if card and version else None
