"""A batch on its way to Tela: every row once, whatever gets lost on the way.

A row whose answer was lost is not sent again until two looks in Tela, a while apart, have not found its mark: one look
may miss it (Tela was not finished, or the list moved under the walk). A row that was under way when a process ended
counts as lost. So the same batch may be taken up again at any time, by anyone.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from telareview.accounts.models import Person
from telareview.review import lost
from telareview.review.actions import Order, record_order, send_order
from telareview.review.drafts import completion_order, creation_order
from telareview.review.files import upload_files
from telareview.review.holds import Work, hold
from telareview.review.made import keep_created
from telareview.review.models import Batch, BatchRow, OutgoingAction
from telareview.tasks.facts import holdable
from telareview.tela import (
    AnswerLost,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    TelaError,
    WritingClient,
    WrongKey,
)
from telareview.tela.writing import MOST_AT_ONCE

State = BatchRow.State
#: Failures in a row after which the batch stops and waits for a person.
MOST_FAILURES = 8
#: Seconds before going on after a failure, doubled each time up to the longest.
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0
#: What concerns the whole batch, and does not pass by itself.
FOR_ALL = (WrongKey, Forbidden, NotFound)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Journey:
    """One go at a batch."""

    batch: Batch
    person: Person | None
    client: WritingClient
    should_stop: Callable[[], bool]
    sleep: Callable[[float], None]
    at_once: int
    failures: int = 0

    def wait(self, error: TelaError) -> bool:
        """Sleep before going on after a failure; False when there were too many in a row."""
        self.failures += 1
        if self.failures > MOST_FAILURES:
            return False
        told = error.retry_after if isinstance(error, RateLimited) else None
        self.sleep(told or min(FIRST_WAIT_SECONDS * 2 ** (self.failures - 1), LONGEST_WAIT_SECONDS))
        return True


def send_batch(
    batch: Batch,
    client: WritingClient,
    person: Person | None,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
    at_once: int = MOST_AT_ONCE,
) -> None:
    """Send what waits, look for what was lost, until every row has an outcome, or it has to stop.

    Raises Held. What Tela refuses stands on the rows; what stops the whole on the batch.
    """
    with hold(Work.BATCH, batch.pk):
        batch.rows.filter(state=State.SENDING).update(state=State.LOST)
        _set(batch, state=Batch.State.RUNNING, started_at=batch.started_at or timezone.now(), error_code="", error="")
        journey = Journey(batch, person, client, should_stop, sleep, 1 if batch.way != Batch.Way.TASK else at_once)
        try:
            _send_all(journey)
        except TelaError as error:
            logger.warning("Batch %d stopped: %s", batch.pk, error)
            said = (holdable(str(error)) or "")[:2000]
            _set(batch, state=Batch.State.PAUSED, error_code=error.code, error=said)


def _send_all(journey: Journey) -> None:
    batch = journey.batch
    while True:
        batch.refresh_from_db(fields=["stop_asked"])
        rows = list(batch.rows.filter(state=State.WAITING).order_by("number")[: journey.at_once])
        if not rows and not batch.rows.filter(state=State.LOST).exists():
            _set(batch, state=Batch.State.ENDED, ended_at=timezone.now(), stop_asked=False)
            return
        if batch.stop_asked or journey.should_stop():
            # A worker that ends leaves the batch running, for the one that takes it up.
            if batch.stop_asked:
                _set(batch, state=Batch.State.PAUSED, stop_asked=False)
            return
        _set(batch)
        if rows:
            _send(journey, rows)
        else:
            _look(journey)


def _send(journey: Journey, rows: list[BatchRow]) -> None:
    """One request for these rows; what comes of it stands on them."""
    try:
        rows = upload_files(journey.client, journey.batch, journey.person, rows)
    except (*FOR_ALL, BadRequest):
        raise
    except TelaError as error:
        if not journey.wait(error):
            raise
        return
    if rows:
        _post(journey, rows)


def _post(journey: Journey, rows: list[BatchRow]) -> None:
    batch, now = journey.batch, timezone.now()
    try:
        if batch.way == Batch.Way.TASK:
            creation = creation_order(batch, rows)
            send_order(
                journey.client,
                _record(journey, rows, creation, now),
                creation,
                keep=lambda made: keep_created(batch, rows, made, now),
            )
        else:
            (row,), completion = rows, completion_order(batch, rows[0])
            row.action = _record(journey, rows, completion, now)
            send_order(journey.client, row.action, completion, keep=lambda answered: lost.note_answered(row, answered))
            lost.follow_answered(journey.client, batch, row)
        journey.failures = 0
    except AnswerLost as error:
        _note(rows, State.LOST, error)
    except FOR_ALL as error:
        _note(rows, State.WAITING, error)
        raise
    except BadRequest as error:
        _divide(journey, rows, error)
    except TelaError as error:
        # Refused for now (429, 409), or it could not leave: nothing was done.
        _note(rows, State.WAITING, error)
        if not isinstance(error, Conflict | RateLimited):
            logger.info("Batch %d waits: %s", batch.pk, error)
        if not journey.wait(error):
            raise


def _record(journey: Journey, rows: list[BatchRow], order: Order[Any], now: datetime) -> OutgoingAction:
    """The record of what is about to leave, named by each of its rows."""
    action = record_order(journey.batch.workspace, journey.person, order)
    _change(rows, state=State.SENDING, action=action, sent_at=now, attempts=F("attempts") + 1, looks=0)
    return action


def _divide(journey: Journey, rows: list[BatchRow], error: TelaError) -> None:
    """Tela refuses a request as a whole for the sake of one row: halves find out which."""
    if len(rows) == 1:
        _note(rows, State.REFUSED, error)
        return
    middle = len(rows) // 2
    _note(rows, State.WAITING, error)
    for half in (rows[:middle], rows[middle:]):
        if not journey.should_stop():
            _post(journey, half)


def _look(journey: Journey) -> None:
    journey.sleep(lost.SETTLE_SECONDS)
    try:
        lost.look_for(journey.client, journey.batch)
        journey.failures = 0
    except FOR_ALL:
        raise
    except TelaError as error:
        if not journey.wait(error):
            raise


def _note(rows: list[BatchRow], state: State, error: TelaError) -> None:
    _change(rows, state=state, error_code=error.code, error=(holdable(str(error)) or "")[:2000])


def _change(rows: list[BatchRow], **values: object) -> None:
    """The same for all of them; one statement."""
    BatchRow.objects.filter(pk__in=[row.pk for row in rows]).update(**values)


def _set(batch: Batch, **fields: object) -> None:
    """Change the batch, and say that it moves."""
    fields["moved_at"] = timezone.now()
    for name, value in fields.items():
        setattr(batch, name, value)
    batch.save(update_fields=list(fields))


def send_first(batch: Batch, client: WritingClient, person: Person | None) -> None:
    """Send a batch of one row while somebody waits: one request, no waiting.

    Afterwards the batch has ended, or it is running because the answer was lost and has to be looked for. What did
    not reach Tela, or was refused for now, counts as refused: whoever filled in the form can send it again.
    """
    goes = 0

    def once() -> bool:
        nonlocal goes
        goes += 1
        return goes > 1

    send_batch(batch, client, person, should_stop=once, sleep=lambda seconds: None)
    batch.refresh_from_db()
    if batch.state != Batch.State.ENDED and not batch.rows.filter(state=State.LOST).exists():
        said = {"error": batch.error, "error_code": batch.error_code} if batch.error else {}
        batch.rows.filter(state=State.WAITING).update(state=State.REFUSED, **said)
        _set(batch, state=Batch.State.ENDED, ended_at=timezone.now())
    elif batch.state != Batch.State.ENDED:
        _set(batch, state=Batch.State.RUNNING)
