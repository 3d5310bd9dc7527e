"""Correct a task, approve it, or both: read again, compared, written once, and the answer compared.

Tela knows no version of a task to write against: two writers overwrite each other in silence. So one writer at a time
is let at a task, looks at it once more, and writes nothing unless it is what the reviewer saw. Edits go first; the
approval follows only once Tela has answered with what was typed.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from telareview.accounts.models import Person, Workspace
from telareview.review.actions import change_order, record_order, send_order, settle_lost
from telareview.review.holds import Held, hold_task
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
from telareview.review.unsettled import look_again
from telareview.tasks.acts import Doer, acts_of, approver_here, note_approval, note_correction
from telareview.tasks.diff import MISSING, Json, Missing, Path, changed_leaf_paths, diff
from telareview.tasks.facts import content_hash
from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Learned
from telareview.tasks.revision import content_of, is_approved
from telareview.tela import AnswerLost, TaskRecord, TelaError, WritingClient, canonical_json

WAITING = "validating"


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
        now = look_again(client, workspace, wish.seen.id)
        if is_approved(now):
            who = approver_here(acts_of(workspace, now.id), now.approved_at)
            same = wish.edited is MISSING or same_json(content_of(now.output_content), wish.edited)
            if wish.approve and same and who == person.email:
                return Reviewed(now, approved=True, again=True)
            raise AlreadyApproved(now, who or now.approved_by or "")
        if now.status != WAITING:
            raise NotWaiting(now)
        if not is_same_question(wish.seen, now):
            raise ChangedMeanwhile(now)
        return _Writer(client, workspace, person).carry_out(wish, now)


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
        order = change_order(task_id, body, act)
        action = record_order(self.workspace, self.person, order)
        asked_at = dt.datetime.now(dt.UTC)

        def keep(after: TaskRecord) -> None:
            record_tasks([after], Look(self.workspace, Learned.ACTION, asked_at))
            note(action, after)

        try:
            return send_order(self.client, action, order, keep=keep)
        except AnswerLost as lost:
            try:
                asked_at = dt.datetime.now(dt.UTC)
                after = self.client.get_task(task_id)
            except TelaError:
                # Not known, and said so: the record stays at "answer lost" until a worker has looked.
                raise lost from None
            if not is_done(after):
                settle_lost(action, made=None)
                record_tasks([after], Look(self.workspace, Learned.REFRESH, asked_at))
                raise NotDone from lost
            with transaction.atomic():
                settle_lost(action, made=[])
                keep(after)
            return after

    def _doer(self, action: OutgoingAction) -> Doer:
        return Doer(self.person.email, action.pk)


@contextmanager
def _one_writer(workspace: Workspace, task_id: UUID) -> Iterator[None]:
    """Hold the task. Raises BeingWritten."""
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_task(workspace, task_id))
        except Held as error:
            raise BeingWritten from error
        yield


def _places(wanted: Json, found: Json) -> tuple[Path, ...]:
    return tuple(change.path for change in diff(wanted, found).changes)
