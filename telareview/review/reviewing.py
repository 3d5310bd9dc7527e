"""Correct a task, approve it, or both: read again, compared, written once, and the answer compared.

Tela knows no version of a task to write against: two writers overwrite each other in silence. So one writer at a time
is let at a task, looks at it once more, and writes nothing unless it is what the reviewer saw. Edits go first; the
approval follows only once Tela has answered with what was typed.
"""

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from telareview.accounts.models import Person, Workspace
from telareview.review.actions import change_order, send_action, settle_lost
from telareview.review.models import OutgoingAction
from telareview.review.patch import Inexpressible, minimal_patch, same_json
from telareview.review.refusals import (
    AlreadyApproved,
    BeingWritten,
    ChangedMeanwhile,
    NotAsTyped,
    NotDone,
    NotWaiting,
    TakenAway,
)
from telareview.sync.refresh import TaskIsGone
from telareview.tasks.acts import Doer, acts_of, approver_here, note_approval, note_correction
from telareview.tasks.diff import MISSING, Json, Missing, Path, changed_leaf_paths, diff
from telareview.tasks.facts import content_hash
from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Learned
from telareview.tasks.revision import APPROVED_STATUSES, content_of
from telareview.tela import AnswerLost, NotFound, TaskRecord, TelaError, WritingClient, canonical_json

WAITING = "validating"
#: Longest wait for somebody else's review of the same task, which is a call or three.
PATIENCE_SECONDS = 3.0
LOOK_EVERY_SECONDS = 0.05
#: Tela's clock may be so far from ours, and a change be so long on its way.
CLOCKS_DIFFER, LONGEST_WAY = dt.timedelta(minutes=1), dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reviewer wants of one task: `seen` is the state they looked at, `edited` the content they made of it."""

    seen: TaskRecord
    edited: Json | Missing = MISSING
    approve: bool = False


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of it. `again`: it had been approved by this very person before, and nothing was sent."""

    record: TaskRecord
    corrected: bool = False
    approved: bool = False
    again: bool = False


def review_task(client: WritingClient, workspace: Workspace, person: Person, wish: Wish) -> Reviewed:
    """Carry out the wish. Raises NotReviewed with its reason, TaskIsGone, TelaError; each try is an OutgoingAction."""
    with _one_writer(workspace, wish.seen.id):
        now = _look(client, workspace, wish.seen.id)
        if is_approved(now):
            who = _approver(workspace, now)
            same = wish.edited is MISSING or same_json(content_of(now.output_content), wish.edited)
            if wish.approve and same and who == person.email:
                return Reviewed(now, approved=True, again=True)
            raise AlreadyApproved(now, who or now.approved_by or "")
        if now.status != WAITING:
            raise NotWaiting(now)
        if not is_same_question(wish.seen, now):
            raise ChangedMeanwhile(now)
        return _Writer(client, workspace, person).carry_out(wish, now)


def is_approved(record: TaskRecord) -> bool:
    return record.status in APPROVED_STATUSES and record.approved_at is not None


def is_same_question(seen: TaskRecord, now: TaskRecord) -> bool:
    """Whether the reviewer would see the same: status, input and both outputs. Tags and names are no part of it."""
    return seen.status == now.status and _judged(seen) == _judged(now)


def _judged(record: TaskRecord) -> bytes:
    parts = (record.output_content, record.original_output_content, record.input_content, record.raw_input)
    return content_hash(canonical_json(list(parts)))


def patch_for(now: TaskRecord, edited: Json) -> Json | Missing:
    """What to send so that the content becomes `edited`; MISSING when it is already. Raises TakenAway."""
    content = content_of(now.output_content)
    if now.source_type == "agent":
        # An agent's output is not merged but replaced.
        return MISSING if same_json(content, edited) else edited
    try:
        return minimal_patch(content, edited)
    except Inexpressible as refused:
        raise TakenAway(refused.paths) from refused


class _Writer:
    def __init__(self, client: WritingClient, workspace: Workspace, person: Person) -> None:
        self.client, self.workspace, self.person = client, workspace, person

    def carry_out(self, wish: Wish, now: TaskRecord) -> Reviewed:
        patch = MISSING if wish.edited is MISSING else patch_for(now, wish.edited)
        after = now
        if patch is not MISSING and wish.edited is not MISSING:
            after = self._correct(now, patch, wish.edited)
        if wish.approve:
            after = self._approve(after)
        return Reviewed(after, corrected=patch is not MISSING, approved=wish.approve)

    def _correct(self, now: TaskRecord, patch: Json, edited: Json) -> TaskRecord:
        def note(action: OutgoingAction, after: TaskRecord) -> None:
            paths = changed_leaf_paths(content_of(now.output_content), content_of(after.output_content))
            note_correction(self.workspace, self._doer(action), now, after, paths)

        def is_done(after: TaskRecord) -> bool:
            return same_json(content_of(after.output_content), edited)

        after = self._send(OutgoingAction.Act.EDIT, now.id, {"outputContent": patch}, note, is_done)
        if not is_done(after):
            raise NotAsTyped(after, _places(edited, content_of(after.output_content)))
        return after

    def _approve(self, now: TaskRecord) -> TaskRecord:
        def note(action: OutgoingAction, after: TaskRecord) -> None:
            if is_approved(after):
                note_approval(self.workspace, self._doer(action), after)

        after = self._send(OutgoingAction.Act.APPROVE, now.id, {"status": "completed"}, note, is_approved)
        if not is_approved(after):
            raise NotWaiting(after)
        return after

    def _send(
        self,
        act: OutgoingAction.Act,
        task_id: UUID,
        body: dict[str, Any],
        note: Callable[[OutgoingAction, TaskRecord], None],
        is_done: Callable[[TaskRecord], bool],
    ) -> TaskRecord:
        """Send it once; where the answer is lost, look what became of it. Raises NotDone, TelaError."""
        asked_at = dt.datetime.now(dt.UTC)
        try:
            sent = send_action(self.client, self.workspace, self.person, change_order(task_id, body, act))
        except AnswerLost as lost:
            action: OutgoingAction = lost.action  # type: ignore[attr-defined]
            try:
                asked_at = dt.datetime.now(dt.UTC)
                after = self.client.get_task(task_id)
            except TelaError:
                # Not known, and said so: the record stays at "answer lost".
                raise lost from None
            done = is_done(after)
            settle_lost(action, made=[] if done else None)
            if not done:
                record_tasks([after], Look(self.workspace, Learned.REFRESH, asked_at))
                raise NotDone from lost
        else:
            action, after = sent.action, sent.answer
        with transaction.atomic():
            record_tasks([after], Look(self.workspace, Learned.ACTION, asked_at))
            note(action, after)
        return after

    def _doer(self, action: OutgoingAction) -> Doer:
        return Doer(self.person.email, action.pk)


def _look(client: WritingClient, workspace: Workspace, task_id: UUID) -> TaskRecord:
    asked_at = dt.datetime.now(dt.UTC)
    try:
        now = client.get_task(task_id)
    except NotFound as error:
        raise TaskIsGone from error
    record_tasks([now], Look(workspace, Learned.REFRESH, asked_at))
    return now


def _approver(workspace: Workspace, now: TaskRecord) -> str:
    """Who approved it from here; "" where nobody did.

    An approval whose answer was never noted, because it was lost or our process ended, is noted now: nobody else is at
    this task, so the newest one that was sent since it waited is the one.
    """
    if (who := approver_here(acts_of(workspace, now.id), now.approved_at)) or now.approved_at is None:
        return who
    open_ones = OutgoingAction.objects.filter(
        workspace=workspace,
        task_id=now.id,
        act=OutgoingAction.Act.APPROVE,
        outcome__in=["", OutgoingAction.Outcome.LOST],
        sent_at__lte=now.approved_at + CLOCKS_DIFFER,
        sent_at__gte=now.approved_at - LONGEST_WAY,
    )
    action = open_ones.order_by("-sent_at").first()
    if action is None:
        return ""
    with transaction.atomic():
        settle_lost(action, made=[])
        note_approval(workspace, Doer(action.person_email, action.pk), now)
    return action.person_email


def _places(wanted: Json, found: Json) -> tuple[Path, ...]:
    return tuple(change.path for change in diff(wanted, found).changes)


@contextmanager
def _one_writer(workspace: Workspace, task_id: UUID) -> Iterator[None]:
    """Hold the task; the lock goes with the connection, so a killed process leaves none behind. BeingWritten."""
    name = hashlib.sha256(f"review {workspace.pk} {task_id}".encode()).digest()[:8]
    key = int.from_bytes(name, signed=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _ask("SELECT pg_try_advisory_lock(%s)", key):
        if time.monotonic() > deadline:
            raise BeingWritten
        time.sleep(LOOK_EVERY_SECONDS)
    try:
        yield
    finally:
        if connection.is_usable():
            _ask("SELECT pg_advisory_unlock(%s)", key)


def _ask(statement: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        return bool(cursor.fetchone()[0])
