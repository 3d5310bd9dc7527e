"""The one way in which a change leaves for Tela: recorded, sent once, and its outcome recorded.

The record is committed before the request leaves, so that whatever then happens, to us or on the way, there is a row
that says who asked for what, and when. A change is never sent twice from here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from telareview.accounts.models import Person, Workspace
from telareview.review.models import OutgoingAction
from telareview.tasks.facts import holdable
from telareview.tela import AnswerLost, Refused, TaskRecord, TelaError, WritingClient, canonical_json
from telareview.tela.wire import decode
from telareview.tela.writing import Headers, read_changed

#: Stands for the person where a command was given on the machine itself.
NOBODY = "command line"
#: Characters of an answer that are kept.
MOST_ANSWER_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order[T]:
    """What is to be changed in Tela, and how the answer is read (raising UnreadableReply or UnreadableRow)."""

    act: OutgoingAction.Act
    verb: str
    path: str
    body: Any
    read: Callable[[Any], T]
    #: The task that is to be changed; None for what does not exist yet.
    task_id: UUID | None = None
    #: Sent, but not recorded: a Secret among them stays one.
    headers: Headers = field(default_factory=dict)
    marker: UUID = field(default_factory=uuid4)


def record_order(workspace: Workspace, person: Person | None, order: Order[Any]) -> OutgoingAction:
    """The committed record of what is about to be sent. Raises RuntimeError in a transaction, which could undo it."""
    with transaction.atomic(durable=True):
        return OutgoingAction.objects.create(
            workspace=workspace,
            act=order.act,
            person=person,
            person_email=person.email if person else NOBODY,
            task_id=order.task_id,
            verb=order.verb,
            path=order.path,
            body=canonical_json(order.body),
            marker=order.marker,
        )


def send_order[T](
    client: WritingClient, action: OutgoingAction, order: Order[T], *, keep: Callable[[T], None] = lambda answer: None
) -> T:
    """Send the recorded order once, record what came of it, and give Tela's answer.

    `keep` stores the answer in the transaction that notes "done": of a process that ends there neither is kept, and the
    action counts as an answer lost. Raises TelaError after it was recorded: AnswerLost when it may have been done, any
    other when it was not.
    """
    try:
        answer = client.write(order.verb, order.path, order.body, read=order.read, headers=order.headers)
    except TelaError as error:
        _end(action, _outcome_of(error), error=error)
        raise
    made = [record.id for record in answer if isinstance(record, TaskRecord)] if isinstance(answer, tuple) else []
    with transaction.atomic():
        _end(action, OutgoingAction.Outcome.DONE, made=made)
        keep(answer)
    return answer


def change_order(task_id: UUID, body: dict[str, Any], act: OutgoingAction.Act) -> Order[TaskRecord]:
    """`PATCH /task/{id}`: correct, approve, or both; the answer is the task as it is afterwards."""
    return Order(act=act, verb="PATCH", path=f"/task/{task_id}", body=body, read=read_changed(task_id), task_id=task_id)


def settle_lost(action: OutgoingAction, *, made: list[UUID] | None) -> None:
    """Note what a look in Tela showed about an answer that was lost: the tasks it made, or None when nothing was done.

    For a change of an existing task `made` is empty when the look showed that it was done.
    """
    outcome = OutgoingAction.Outcome.ABSENT if made is None else OutgoingAction.Outcome.FOUND
    _end(action, outcome, made=made or [])


def settle_untold(action: OutgoingAction) -> None:
    """Note that no look can tell any more what became of it."""
    _end(action, OutgoingAction.Outcome.UNTOLD)


def note_made(action: OutgoingAction, made: list[UUID]) -> None:
    """Which tasks came of a confirmed action whose answer did not name them."""
    action.made_task_ids = made
    action.save(update_fields=["made_task_ids"])


def body_of(action: OutgoingAction) -> Any:
    """The recorded body as JSON values, numbers with every digit."""
    return decode(action.body.encode("utf-8", "surrogatepass"))


def _outcome_of(error: TelaError) -> OutgoingAction.Outcome:
    if isinstance(error, AnswerLost):
        return OutgoingAction.Outcome.LOST
    return OutgoingAction.Outcome.REFUSED if isinstance(error, Refused) else OutgoingAction.Outcome.UNSENT


def _end(
    action: OutgoingAction,
    outcome: OutgoingAction.Outcome,
    *,
    made: list[UUID] | None = None,
    error: TelaError | None = None,
) -> None:
    action.outcome, action.ended_at = outcome, timezone.now()
    action.made_task_ids = made or []
    if error is not None:
        action.status_code, action.error_code = error.status, error.code
        action.answer = (holdable(str(error)) or "")[:MOST_ANSWER_CHARACTERS]
    action.save(
        update_fields=["outcome", "ended_at", "made_task_ids", "status_code", "error_code", "answer"],
    )
