"""What stored webhook calls lead to: their tasks are fetched from Tela and go through the mirror's door.

A call is announced to a worker once it has been stored. Whatever then goes wrong, it stays unprocessed and becomes due
again (`claims.py`), and `take_up_deliveries` announces what nobody is at: a worker killed anywhere loses nothing, and
doing it twice changes nothing. What is due at the same time is asked for in one call.
"""

import datetime as dt
import logging
from typing import Any
from uuid import UUID

from django.db import DatabaseError, close_old_connections, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from telareview.accounts.models import Workspace
from telareview.sync.claims import MAX_ATTEMPTS, Claim, Subject, claim, give_back, next_due, put_off, settle
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.models import Delivery
from telareview.tasks.facts import holdable
from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned
from telareview.tela import (
    NoAnswer,
    NotFound,
    RateLimited,
    Refused,
    ReplyTooLarge,
    TaskQuery,
    TaskRecord,
    TelaClient,
    TelaError,
    UnreadableReply,
    WrongKey,
)

#: What is due later than this is left to the job that runs every minute.
SOON = dt.timedelta(minutes=1)
#: Bodies hold people's data, and are kept only to look into what went wrong.
KEEP_BODIES, KEEP_DELIVERIES = dt.timedelta(days=7), dt.timedelta(days=90)

type Answer = TaskRecord | TelaError | NoKey

logger = logging.getLogger(__name__)


def announce(workspace_id: int, moment: dt.datetime | None = None) -> None:
    """Call a worker, now or at `moment`; once, however often it is called. What fails here is taken up later."""
    options: dict[str, Any] = {"queueing_lock": f"news {workspace_id}"}
    if moment is not None:
        # In whole seconds: what is due at about the same time is one job, and what is due sooner has one of its own.
        later = moment.replace(microsecond=0) + dt.timedelta(seconds=1)
        options = {"queueing_lock": f"news {workspace_id} {later:%H:%M:%S}", "schedule_at": later}
    try:
        if _is_announced(options["queueing_lock"]):
            return
        # A savepoint where there is a transaction: a second announcement must not break it.
        with transaction.atomic():
            fetch_told_tasks.configure(**options).defer(workspace_id=workspace_id)
    except AlreadyEnqueued:
        return
    except (ConnectorException, DatabaseError):
        logger.warning("Webhook calls could not be announced; they are taken up later.", exc_info=True)


def _is_announced(queueing_lock: str) -> bool:
    """Asked first, because in a flood nearly every call is: a look costs less than an insert that fails."""
    return ProcrastinateJob.objects.filter(queueing_lock=queueing_lock, status="todo").exists()


@app.task(name="fetch_told_tasks", queue="news")
def fetch_told_tasks(workspace_id: int) -> None:
    """Ask Tela for what is due, and come back for what is due soon."""
    close_old_connections()
    process(workspace_id)
    due = next_due(workspace_id)
    now = timezone.now()
    if due is not None and due < now + SOON:
        announce(workspace_id, due if due > now else None)


@app.periodic(cron="* * * * *")
@app.task(name="take_up_deliveries", queue="news", queueing_lock="take_up_deliveries")
def take_up_deliveries(timestamp: int) -> None:
    """Announce what is due and may have lost its worker."""
    close_old_connections()
    due = Delivery.objects.filter(processed_at=None, due_at__lte=timezone.now())
    for workspace_id in due.order_by().values_list("workspace_id", flat=True).distinct():
        announce(workspace_id)


@app.periodic(cron="23 4 * * *")
@app.task(name="tidy_deliveries", queue="upkeep", queueing_lock="tidy_deliveries")
def tidy_deliveries(timestamp: int) -> None:
    """Old bodies are emptied, and old calls are deleted. What they led to stays in the mirror."""
    close_old_connections()
    processed, now = Delivery.objects.exclude(processed_at=None), timezone.now()
    processed.filter(received_at__lt=now - KEEP_DELIVERIES).delete()
    processed.filter(received_at__lt=now - KEEP_BODIES).exclude(body="").update(body="")


def process(workspace_id: int) -> None:
    """Ask Tela for what is due, mirror the answers, and note on each call what came of it. Database errors pass."""
    claimed = claim(workspace_id)
    if claimed is None:
        return
    workspace = Workspace.objects.get(pk=workspace_id)
    answers: dict[Subject, Answer]
    try:
        with tela_client(workspace, once=True) as client:
            answers = ask(client, list(claimed.attempts))
    except NoKey as error:
        answers = dict.fromkeys(claimed.attempts, error)
    found = {subject: answer for subject, answer in answers.items() if isinstance(answer, TaskRecord)}
    with transaction.atomic():
        recorded = record_tasks(found.values(), Look(workspace, Learned.WEBHOOK, claimed.asked_at))
        _settle_found(claimed, found, recorded)
    for subject, answer in answers.items():
        if not isinstance(answer, TaskRecord):
            _note(claimed, subject, answer)
    give_back(claimed)


def ask(client: TelaClient, subjects: list[Subject]) -> dict[Subject, Answer]:
    """Each subject's task, whole, or why it could not be had. Never raises for Tela's sake.

    One call for all tasks; each that it does not answer has an address of its own. Once Tela fails altogether, the
    rest is not asked for and shares the failure.
    """
    found: dict[UUID, TaskRecord] = {}
    failure: TelaError | None = None
    try:
        found = _listed(client, [subject.task_id for subject in subjects if subject.task_id])
    except (NoAnswer, RateLimited, WrongKey) as error:
        failure = error
    except TelaError:
        # The list of ids is spelled differently by different documents.
        found = {}
    answers: dict[Subject, Answer] = {}
    for subject in subjects:
        if failure is not None:
            answers[subject] = failure
            continue
        try:
            answers[subject] = found.get(subject.task_id or UUID(int=0)) or _asked_singly(client, subject)
        except TelaError as error:
            answers[subject] = error
            failure = None if _concerns_one(error) else error
    return answers


def _listed(client: TelaClient, ids: list[UUID]) -> dict[UUID, TaskRecord]:
    """The whole tasks that one call brings; none for a single id, which has its own address. Raises TelaError."""
    if len(ids) <= 1:
        return {}
    page = client.list_tasks(TaskQuery(ids=tuple(ids), limit=len(ids)))
    return {task.id: task for task in page.tasks if task.id in set(ids) and task.has_payload}


def _asked_singly(client: TelaClient, subject: Subject) -> TaskRecord:
    """Raises TelaError; NotFound when Tela shows no such task.

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


def _concerns_one(error: TelaError) -> bool:
    """Whether the next question may well be answered: this one was refused, or its answer unreadable or too large."""
    refused = isinstance(error, Refused) and not isinstance(error, WrongKey | RateLimited)
    return refused or isinstance(error, UnreadableReply | ReplyTooLarge)


def _note(claimed: Claim, subject: Subject, error: TelaError | NoKey) -> None:
    """Say on the calls what Tela answered. Only what may pass by itself is tried again."""
    said = {"error_code": error.code, "error": (holdable(str(error)) or "")[:2000]}
    # 404 concludes nothing: whether a task is gone is found out by asking twice, apart in time.
    if isinstance(error, NotFound):
        settle(claimed, [subject], Delivery.Outcome.NOT_FOUND, **said)
    elif _may_pass(error) and claimed.attempts[subject] < MAX_ATTEMPTS:
        put_off(claimed, subject, **said)
    else:
        logger.warning("A webhook call was given up: %s", error)
        settle(claimed, [subject], Delivery.Outcome.FAILED, **said)


def _may_pass(error: TelaError | NoKey) -> bool:
    if isinstance(error, NoKey):
        return False
    return error.may_retry if error.should_retry is None else error.should_retry


def _settle_found(claimed: Claim, found: dict[Subject, TaskRecord], recorded: Recorded) -> None:
    """One statement for each outcome; a run's calls also learn which task was behind it."""
    by_outcome: dict[Delivery.Outcome, list[Subject]] = {}
    for subject, record in found.items():
        outcome = _outcome(recorded, record)
        if subject.task_id is None:
            settle(claimed, [subject], outcome, task_id=record.id, error_code="", error="")
        else:
            by_outcome.setdefault(outcome, []).append(subject)
    for outcome, subjects in by_outcome.items():
        settle(claimed, subjects, outcome, error_code="", error="")


def _outcome(recorded: Recorded, record: TaskRecord) -> Delivery.Outcome:
    if record.id in recorded.new:
        return Delivery.Outcome.NEW
    return Delivery.Outcome.CHANGED if record.id in recorded.changed else Delivery.Outcome.UNCHANGED
