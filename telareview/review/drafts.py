"""From what people fill in to what is posted: `POST /task`, or a completion for an app."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from telareview.accounts.models import Person, Workspace
from telareview.review.actions import NOBODY, Order
from telareview.review.models import Batch, BatchRow, OutgoingAction
from telareview.sync.webhook import SECRET_HEADER
from telareview.tela import TaskRecord
from telareview.tela.writing import FORWARD, Headers, creation_body, read_completion, read_created


def task_body(
    app_id: UUID, name: str, variables: Mapping[str, Any], tags: Sequence[str], webhook_url: str = ""
) -> dict[str, Any]:
    """One object of `POST /task`."""
    raw_input: dict[str, Any] = {"variables": dict(variables)}
    if webhook_url:
        raw_input["webhook_url"] = webhook_url
    return {"promptApplicationId": str(app_id), "name": name, "rawInput": raw_input, "tags": list(tags)}


def completion_body(app_id: UUID, variables: Mapping[str, Any], webhook_url: str = "") -> dict[str, Any]:
    """The body of `POST /v2/chat/completions` for an app, which has neither name nor tags."""
    body: dict[str, Any] = {"application_id": str(app_id), "variables": dict(variables)}
    if webhook_url:
        body["webhook_url"] = webhook_url
    return body


def creation_order(batch: Batch, rows: Sequence[BatchRow]) -> Order[tuple[TaskRecord, ...]]:
    """`POST /task` for these rows, each with its mark among its tags."""
    bodies = [
        task_body(batch.application_id, row.name, json.loads(row.variables), [*row.tags, row.marker], batch.webhook_url)
        for row in rows
    ]
    return Order(
        act=OutgoingAction.Act.CREATE,
        verb="POST",
        path="/task",
        body=creation_body(bodies),
        read=read_created,
        headers=_forwarded(batch),
        marker=uuid4(),
    )


def completion_order(batch: Batch, row: BatchRow) -> Order[UUID]:
    """A completion for this row; where Tela tells us of its end, the address we give it carries the mark."""
    return Order(
        act=OutgoingAction.Act.COMPLETE,
        verb="POST",
        path="/v2/chat/completions",
        body=completion_body(batch.application_id, json.loads(row.variables), marked_address(batch, row)),
        read=read_completion,
        headers=_forwarded(batch),
    )


def marked_address(batch: Batch, row: BatchRow) -> str:
    """The batch's webhook address with the row's mark; "" when there is none."""
    if not batch.webhook_url:
        return ""
    joint = "&" if "?" in batch.webhook_url else "?"
    return f"{batch.webhook_url}{joint}marker={row.marker}"


def _forwarded(batch: Batch) -> Headers:
    """Our webhook secret, which Tela sends along when it calls: a header of the request, never part of the body."""
    secret = batch.workspace.webhook_secret if batch.webhook_url else None
    return {FORWARD + SECRET_HEADER: secret} if secret else {}


def start_batch(workspace: Workspace, person: Person | None, app_id: UUID, **more: Any) -> Batch:
    """A stored batch without rows yet."""
    return Batch.objects.create(
        workspace=workspace,
        person=person,
        person_email=person.email if person else NOBODY,
        application_id=app_id,
        **more,
    )
