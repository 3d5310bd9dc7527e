"""Rows whose answer was lost, and completions whose task is not known yet: looked for in Tela, by their marks."""

import json
from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from telareview.review.actions import note_made, settle_lost, settle_untold
from telareview.review.made import mirror_created, note_created, save_rows
from telareview.review.marker import find_marked, variables_alike
from telareview.review.models import Batch, BatchRow, OutgoingAction
from telareview.sync.comparing import IDS_A_CALL, fetch_whole
from telareview.tela import NotFound, TaskQuery, TaskRecord, TelaClient, TelaError

State = BatchRow.State
#: Seconds before a look: Tela may still be at what it did not answer.
SETTLE_SECONDS = 5.0
#: Looks that must agree before it is believed that there is no such task.
LOOKS = 2
#: Sendings of one row, each with its answer lost and the task not there, after which it is left to a person.
MOST_ATTEMPTS = 8


def look_for(client: TelaClient, batch: Batch) -> None:
    """Look once for every lost row of the batch. Raises TelaError.

    Found rows are created; the others wait again after LOOKS looks, or are left to a person where no mark was sent.
    """
    rows = list(batch.rows.filter(state=State.LOST).select_related("action").order_by("number"))
    for row in [row for row in rows if row.answered_id is not None]:
        _find_answered(client, batch, row)
    rows = [row for row in rows if row.answered_id is None]
    if not rows:
        return
    found = _found(client, batch, rows)
    for row in rows:
        record = found.get(row.marker)
        if record is not None:
            note_created(row, record)
        else:
            row.looks += 1
            _decide(batch, row)
    _mirror(client, batch, list(found.values()))
    save_rows(rows)
    _settle(rows)


def _decide(batch: Batch, row: BatchRow) -> None:
    if row.looks < LOOKS:
        return
    if batch.way == Batch.Way.COMPLETION and not batch.webhook_url:
        row.state = State.UNKNOWN
    else:
        row.state = State.WAITING if row.attempts < MOST_ATTEMPTS else State.GIVEN_UP


def _found(client: TelaClient, batch: Batch, rows: Sequence[BatchRow]) -> dict[str, TaskRecord]:
    since = min(row.sent_at or timezone.now() for row in rows)
    markers = [row.marker for row in rows]
    if batch.way == Batch.Way.TASK:
        return find_marked(client, batch.application_id, markers, since)
    if batch.webhook_url:
        return find_marked(client, batch.application_id, markers, since, in_input=True)
    found: dict[str, TaskRecord] = {}
    for row in rows:
        found |= _found_by_content(client, batch, row, {record.id for record in found.values()})
    return found


def _found_by_content(client: TelaClient, batch: Batch, row: BatchRow, taken: set[UUID]) -> dict[str, TaskRecord]:
    """The one task since the sending with the same variables that no other row of ours has; two are no answer."""
    query = TaskQuery(
        prompt_application_id=batch.application_id, created_at_since=row.sent_at, order_by="createdAt", limit=100
    )
    alike = [task for task in client.iter_tasks(query) if variables_alike(task, json.loads(row.variables))]
    known = set(BatchRow.objects.filter(task_id__in=[task.id for task in alike]).values_list("task_id", flat=True))
    ours = [task for task in alike if task.id not in known | taken]
    return {row.marker: ours[0]} if len(ours) == 1 else {}


def note_answered(row: BatchRow, answered: UUID) -> None:
    """A completion that was confirmed with an id."""
    row.answered_id, row.state = answered, State.LOST
    save_rows([row])


def follow_answered(client: TelaClient, batch: Batch, row: BatchRow) -> None:
    """Fetch the task of a confirmed completion now, or leave it to the looks."""
    try:
        _find_answered(client, batch, row)
    except TelaError as error:
        row.error_code, row.error = error.code, str(error)[:2000]
        save_rows([row])


def _find_answered(client: TelaClient, batch: Batch, row: BatchRow) -> None:
    """The id may be the task's, or its run's. Raises TelaError."""
    asked_at, answered = timezone.now(), row.answered_id or UUID(int=0)
    try:
        record = client.get_task(answered)
    except NotFound:
        page = client.list_tasks(TaskQuery(completion_run_id=answered, limit=10))
        runs = [task for task in page.tasks if task.completion_run_id == answered]
        if not runs:
            row.looks += 1
            row.state = State.UNKNOWN if row.looks >= LOOKS else State.LOST
            save_rows([row])
            return
        record = client.get_task(runs[0].id)
    note_created(row, record)
    mirror_created(batch, [record], asked_at)
    save_rows([row])
    if row.action is not None:
        note_made(row.action, [record.id])


def _mirror(client: TelaClient, batch: Batch, found: Sequence[TaskRecord]) -> None:
    """Fetched whole, so that they stand in the mirror at once. Raises TelaError."""
    ids = [record.id for record in found]
    for start in range(0, len(ids), IDS_A_CALL):
        asked_at = timezone.now()
        whole = fetch_whole(client, ids[start : start + IDS_A_CALL], most_single_calls=IDS_A_CALL)
        mirror_created(batch, whole, asked_at)


def _settle(rows: Sequence[BatchRow]) -> None:
    """Say on the records of lost sendings what the looks showed, once it is decided for all rows of a sending."""
    lost = [OutgoingAction.Outcome.LOST, ""]
    actions = OutgoingAction.objects.filter(pk__in={row.action_id for row in rows}, outcome__in=lost)
    for action in actions:
        together = list(BatchRow.objects.filter(action=action).order_by("number").values_list("state", "task_id"))
        states = {state for state, _task_id in together}
        if State.UNKNOWN in states:
            settle_untold(action)
        elif State.LOST not in states:
            made = [task_id for _state, task_id in together if task_id is not None]
            settle_lost(action, made=made or None)
