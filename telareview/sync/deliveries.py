"""What a stored webhook call leads to: its task is fetched from Tela and goes through the mirror's door.

A call is announced to a worker once it has been stored. Whatever then goes wrong, it stays unprocessed, and
`take_up_deliveries` announces it again: a worker killed anywhere loses nothing, and doing it twice changes nothing.
A task is asked for at most once in SPACING; calls that come meanwhile are answered by the one question after it.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from telareview.accounts.models import Workspace
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.models import Delivery
from telareview.sync.news import News
from telareview.tasks.facts import holdable
from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned
from telareview.tela import NotFound, TaskQuery, TaskRecord, TelaClient, TelaError

#: The least time between two questions for one task; it bounds what a flood of calls can do to Tela.
SPACING = dt.timedelta(seconds=5)
#: A question that failed is repeated after SPACING, then after pauses that double from this on: an hour in all.
FIRST_PAUSE = dt.timedelta(minutes=1)
MAX_ATTEMPTS = 8
#: A call still unprocessed after this long has lost its worker.
LOST_AFTER = dt.timedelta(seconds=30)
#: Tasks announced again in one minute: a Tela that is down is not flooded when it comes back.
TAKE_UP_AT_A_TIME = 200
#: Bodies hold people's data, and are kept only to look into what went wrong.
KEEP_BODIES, KEEP_DELIVERIES = dt.timedelta(days=7), dt.timedelta(days=90)
#: First key of the advisory lock under which a worker makes calls its own.
CLAIM_LOCK = 0x6E657773

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be asked for: a task, or the task of a run."""

    workspace_id: int
    task_id: UUID | None = None
    completion_run_id: UUID | None = None

    @classmethod
    def of(cls, workspace_id: int, call: Delivery | News) -> Self | None:
        """None when the call names neither."""
        if call.task_id is not None:
            return cls(workspace_id, task_id=call.task_id)
        if call.completion_run_id is not None:
            return cls(workspace_id, completion_run_id=call.completion_run_id)
        return None

    @property
    def told(self) -> QuerySet[Delivery]:
        """Every call about it, processed or not."""
        calls = Delivery.objects.filter(workspace_id=self.workspace_id)
        if self.task_id is not None:
            return calls.filter(task_id=self.task_id)
        return calls.filter(completion_run_id=self.completion_run_id)

    @property
    def job_arguments(self) -> dict[str, Any]:
        task, run = self.task_id, self.completion_run_id
        return {
            "workspace_id": self.workspace_id,
            "task_id": str(task) if task else None,
            "completion_run_id": str(run) if run else None,
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """The calls that one question to Tela will answer."""

    ids: tuple[int, ...]
    asked_at: dt.datetime
    attempt: int


def announce(subject: Subject | None, *, after: dt.timedelta | None = None) -> None:
    """Put the subject into the queue, once however often it is announced. What fails here is taken up later."""
    if subject is None:
        return
    lock = f"news {subject.workspace_id} {subject.task_id or subject.completion_run_id}"
    options: dict[str, Any] = {"schedule_at": timezone.now() + after} if after else {}
    try:
        # A savepoint where there is a transaction: a second announcement must not break it.
        with transaction.atomic():
            fetch_told_task.configure(queueing_lock=lock, **options).defer(**subject.job_arguments)
    except AlreadyEnqueued:
        return
    except (ConnectorException, DatabaseError):
        logger.warning("A webhook call could not be announced; it is taken up later.", exc_info=True)


@app.task(name="fetch_told_task", queue="news")
def fetch_told_task(workspace_id: int, task_id: str | None, completion_run_id: str | None) -> None:
    """Ask Tela for one subject, on behalf of every call about it that waits."""
    close_old_connections()
    process(
        Subject(
            workspace_id,
            UUID(task_id) if task_id else None,
            UUID(completion_run_id) if completion_run_id else None,
        )
    )


@app.periodic(cron="* * * * *")
@app.task(name="take_up_deliveries", queue="news", queueing_lock="take_up_deliveries")
def take_up_deliveries(timestamp: int) -> None:
    """Announce what lost its worker, and what is due to be tried again."""
    close_old_connections()
    for subject in lost(timezone.now()):
        announce(subject)


@app.periodic(cron="23 4 * * *")
@app.task(name="tidy_deliveries", queue="upkeep", queueing_lock="tidy_deliveries")
def tidy_deliveries(timestamp: int) -> None:
    """Old bodies are emptied, and old calls are deleted. What they led to stays in the mirror."""
    close_old_connections()
    processed, now = Delivery.objects.exclude(processed_at=None), timezone.now()
    processed.filter(received_at__lt=now - KEEP_DELIVERIES).delete()
    processed.filter(received_at__lt=now - KEEP_BODIES).exclude(body="").update(body="")


def lost(now: dt.datetime) -> list[Subject]:
    """Subjects of calls that no worker is at any more, or that failed and may be tried again; longest waiting first."""
    waiting = Delivery.objects.filter(processed_at=None, received_at__lt=now - LOST_AFTER).order_by("received_at")
    due = {Subject.of(call.workspace_id, call): None for call in waiting.defer("body").iterator() if _is_due(call, now)}
    return [subject for subject in due if subject is not None][:TAKE_UP_AT_A_TIME]


def _is_due(call: Delivery, now: dt.datetime) -> bool:
    return call.asked_at is None or now - call.asked_at >= FIRST_PAUSE * 2 ** max(
        0, min(call.attempts, MAX_ATTEMPTS) - 2
    )


def process(subject: Subject) -> None:
    """Ask Tela and mirror the answer, or come back later; nothing to do when no call waits. Database errors pass."""
    claim = _claim(subject)
    if claim is None:
        return
    workspace = Workspace.objects.get(pk=subject.workspace_id)
    try:
        with tela_client(workspace, once=True) as client:
            record = ask(client, subject)
    except (TelaError, NoKey) as error:
        _note(subject, claim, error)
        return
    with transaction.atomic():
        recorded = record_tasks([record], Look(workspace, Learned.WEBHOOK, claim.asked_at))
        _settle(claim, _outcome(recorded), task_id=record.id, error_code="", error="")


def ask(client: TelaClient, subject: Subject) -> TaskRecord:
    """The subject's task, whole. Raises TelaError; NotFound when Tela shows none.

    What a run's id is the id of is not settled at Tela: it is looked for among the tasks' runs, then as a task.
    """
    if subject.task_id is not None:
        return client.get_task(subject.task_id)
    run_id = subject.completion_run_id
    if run_id is None:
        raise NotFound("Neither a task nor a run was named.")
    page = client.list_tasks(TaskQuery(completion_run_id=run_id, limit=10))
    found = [task for task in page.tasks if task.completion_run_id == run_id]
    if found and found[0].has_payload:
        return found[0]
    return client.get_task(found[0].id if found else run_id)


def _claim(subject: Subject) -> Claim | None:
    """Make every waiting call about the subject ours; None when there is none or Tela was asked a moment ago.

    In the second case the subject is announced for the moment when it may be asked for again.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            key = f"{subject.workspace_id} {subject.task_id or subject.completion_run_id}"
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [CLAIM_LOCK, key])
        waiting = dict(subject.told.filter(processed_at=None).values_list("pk", "attempts"))
        if not waiting:
            return None
        now = timezone.now()
        asked_at = subject.told.exclude(asked_at=None).order_by("-asked_at").values_list("asked_at", flat=True).first()
        rest = SPACING - (now - asked_at) if asked_at else dt.timedelta(0)
        if rest <= dt.timedelta(0):
            Delivery.objects.filter(pk__in=waiting).update(asked_at=now, attempts=F("attempts") + 1)
            return Claim(tuple(waiting), now, max(waiting.values()) + 1)
    announce(subject, after=rest)
    return None


def _note(subject: Subject, claim: Claim, error: TelaError | NoKey) -> None:
    """Say on the calls what Tela answered. Only what may pass by itself is tried again."""
    said = {"error_code": error.code, "error": (holdable(str(error)) or "")[:2000]}
    # 404 concludes nothing: whether a task is gone is found out by asking twice, apart in time.
    if isinstance(error, NotFound):
        _settle(claim, Delivery.Outcome.NOT_FOUND, **said)
    elif not _may_pass(error) or claim.attempt >= MAX_ATTEMPTS:
        logger.warning("A webhook call was given up: %s", error)
        _settle(claim, Delivery.Outcome.FAILED, **said)
    else:
        Delivery.objects.filter(pk__in=claim.ids).update(**said)
        if claim.attempt == 1:
            announce(subject, after=SPACING)


def _may_pass(error: TelaError | NoKey) -> bool:
    if isinstance(error, NoKey):
        return False
    return error.may_retry if error.should_retry is None else error.should_retry


def _settle(claim: Claim, outcome: Delivery.Outcome, **values: Any) -> None:
    calls = Delivery.objects.filter(pk__in=claim.ids)
    calls.update(processed_at=timezone.now(), outcome=outcome, **values)


def _outcome(recorded: Recorded) -> Delivery.Outcome:
    if recorded.new:
        return Delivery.Outcome.NEW
    return Delivery.Outcome.CHANGED if recorded.changed else Delivery.Outcome.UNCHANGED
