"""The one way in which a change leaves for Tela: recorded, sent once, and its outcome recorded.

The record is committed before the request leaves, so that whatever then happens, to us or on the way, there is a row
that says who asked for what, and when. A change is never sent twice from here.
"""

import json
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


@dataclass(frozen=True, slots=True)
class Sent[T]:
    """A change that Tela confirmed."""

    action: OutgoingAction
    answer: T


def send_action[T](
    client: WritingClient,
    workspace: Workspace,
    person: Person | None,
    order: Order[T],
    *,
    recorded: Callable[[OutgoingAction], None] = lambda action: None,
) -> Sent[T]:
    """Record the order, send it once, record what came of it. `recorded` is called between the first two.

    Raises TelaError after it was recorded, with the row as `error.action`: AnswerLost when it may have been done, any
    other when it was not. Raises RuntimeError inside a transaction: a roll-back would take the record along.
    """
    with transaction.atomic(durable=True):
        action = OutgoingAction.objects.create(
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
    recorded(action)
    try:
        answer = client.write(order.verb, order.path, order.body, read=order.read, headers=order.headers)
    except TelaError as error:
        _end(action, _outcome_of(error), error=error)
        error.action = action  # type: ignore[attr-defined]
        raise
    made = [record.id for record in answer if isinstance(record, TaskRecord)] if isinstance(answer, tuple) else []
    _end(action, OutgoingAction.Outcome.DONE, made=made)
    return Sent(action, answer)


def change_order(task_id: UUID, body: dict[str, Any], act: OutgoingAction.Act) -> Order[TaskRecord]:
    """`PATCH /task/{id}`: correct, approve, or both; the answer is the task as it is afterwards."""
    return Order(act=act, verb="PATCH", path=f"/task/{task_id}", body=body, read=read_changed(task_id), task_id=task_id)


def settle_lost(action: OutgoingAction, *, made: list[UUID] | None) -> None:
    """Note what a look in Tela showed about an answer that was lost: the tasks it made, or None when nothing was done.

    For a change of an existing task `made` is empty when the look showed that it was done.
    """
    outcome = OutgoingAction.Outcome.ABSENT if made is None else OutgoingAction.Outcome.FOUND
    _end(action, outcome, made=made or [])


def note_made(action: OutgoingAction, made: list[UUID]) -> None:
    """Which tasks came of a confirmed action whose answer did not name them."""
    action.made_task_ids = made
    action.save(update_fields=["made_task_ids"])


def body_of(action: OutgoingAction) -> Any:
    """The recorded body, as plain JSON values."""
    return json.loads(action.body)


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
