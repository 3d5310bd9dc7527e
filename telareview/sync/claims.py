"""Which stored webhook calls are due, and who is at them.

A call that is taken up is due again a while later, as if on loan: when its worker dies, another one takes it up. No two
questions about one subject are asked within SPACING, whoever asks and however many calls come.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from telareview.sync.models import Delivery

#: The least time between two questions about one task; it bounds what a flood of calls can do to Tela.
SPACING = dt.timedelta(seconds=5)
#: Longer than a question takes. A call that is still unprocessed then has lost its worker.
LOAN = dt.timedelta(minutes=2)
#: A question that failed is repeated after SPACING, then after pauses that double from this on: an hour in all.
FIRST_PAUSE = dt.timedelta(minutes=1)
MAX_ATTEMPTS = 8
#: Subjects taken up together: Tela answers for so many in one call.
SUBJECTS_A_CLAIM = 50
#: Calls looked at to find them.
CALLS_A_LOOK = 500
#: First key of the advisory lock under which calls are taken up.
CLAIM_LOCK = 0x6E657773


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be asked for: a task, or the task of a run. Exactly one is set."""

    task_id: UUID | None = None
    completion_run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Subjects that are ours to ask for now, each with the attempts made at it, this one included."""

    workspace_id: int
    attempts: dict[Subject, int]
    #: Our clock, before anything is asked.
    asked_at: dt.datetime

    def calls(self, subjects: Iterable[Subject]) -> QuerySet[Delivery]:
        """The calls about them that were taken up here; those that came later are not among them."""
        return _waiting_about(self.workspace_id, subjects).filter(asked_at=self.asked_at)


def claim(workspace_id: int) -> Claim | None:
    """Take up what is due; None when nothing is. What is being asked for, or was a moment ago, becomes due later."""
    with transaction.atomic():
        _one_at_a_time(workspace_id)
        now = timezone.now()
        due = _due_subjects(workspace_id, now)
        early = {subject: moment for subject, moment in _next_turns(workspace_id, due).items() if moment > now}
        for subject, moment in early.items():
            _waiting_about(workspace_id, [subject]).filter(due_at__lte=now).update(due_at=moment)
        ready = [subject for subject in due if subject not in early]
        if not ready:
            return None
        _waiting_about(workspace_id, ready).update(asked_at=now, due_at=now + LOAN, attempts=F("attempts") + 1)
        attempts = _attempts(workspace_id, ready)
        return Claim(workspace_id, {subject: attempts[subject] for subject in ready}, now)


def next_due(workspace_id: int) -> dt.datetime | None:
    """When the next call is due, perhaps already; None when none waits."""
    waiting = Delivery.objects.filter(workspace_id=workspace_id, processed_at=None)
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def settle(claimed: Claim, subjects: Iterable[Subject], outcome: Delivery.Outcome, **values: Any) -> None:
    """The subjects' calls are processed."""
    claimed.calls(subjects).update(processed_at=timezone.now(), outcome=outcome, **values)


def put_off(claimed: Claim, subject: Subject, **values: Any) -> None:
    """The question failed and may succeed later: after SPACING the first time, then ever more rarely."""
    attempts, now = claimed.attempts[subject], timezone.now()
    pause = SPACING if attempts == 1 else FIRST_PAUSE * 2 ** (min(attempts, MAX_ATTEMPTS) - 2)
    claimed.calls([subject]).update(due_at=now + pause, asked_at=now, **values)


def give_back(claimed: Claim) -> None:
    """All was asked for and settled: calls that came meanwhile need not wait until the loan ends."""
    with transaction.atomic():
        # Or another worker, which still saw the loan, would put them off once more.
        _one_at_a_time(claimed.workspace_id)
        turn = timezone.now() + SPACING
        meanwhile = _waiting_about(claimed.workspace_id, claimed.attempts)
        meanwhile.filter(attempts=0, due_at__gt=turn).update(due_at=turn)


def _one_at_a_time(workspace_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [CLAIM_LOCK, workspace_id])


def _due_subjects(workspace_id: int, now: dt.datetime) -> list[Subject]:
    """Longest due first, each once."""
    calls = Delivery.objects.filter(workspace_id=workspace_id, processed_at=None, due_at__lte=now)
    rows = calls.order_by("due_at", "pk").values_list("task_id", "completion_run_id")[:CALLS_A_LOOK]
    found = {Subject(task_id) if task_id else Subject(None, run_id): None for task_id, run_id in rows}
    return list(found)[:SUBJECTS_A_CLAIM]


def _next_turns(workspace_id: int, subjects: Iterable[Subject]) -> dict[Subject, dt.datetime]:
    """From when on each may be asked for: SPACING after its last question ended, or when the loan does."""
    ended = Max(Greatest("asked_at", "processed_at"))
    lent_until = Max("due_at", filter=Q(processed_at=None, attempts__gt=0, error_code=""))
    turns = {}
    for subject, end, loan in _of_each(workspace_id, subjects, ended=ended, lent_until=lent_until):
        moments = [*([end + SPACING] if end else []), *([loan] if loan else [])]
        if moments:
            turns[subject] = max(moments)
    return turns


def _attempts(workspace_id: int, subjects: Iterable[Subject]) -> dict[Subject, int]:
    made = Max("attempts", filter=Q(processed_at=None))
    return dict(_of_each(workspace_id, subjects, made=made))


def _of_each(workspace_id: int, subjects: Iterable[Subject], **figures: Max) -> Iterator[tuple[Any, ...]]:
    """Each subject with figures over all calls about it; a statement for tasks, and one for runs."""
    subjects = list(subjects)
    calls = Delivery.objects.filter(workspace_id=workspace_id).order_by()
    tasks = [subject.task_id for subject in subjects if subject.task_id]
    runs = [subject.completion_run_id for subject in subjects if not subject.task_id]
    if tasks:
        for task_id, *values in calls.filter(task_id__in=tasks).values_list("task_id").annotate(**figures):
            yield Subject(task_id), *values
    if runs:
        of_runs = calls.filter(completion_run_id__in=runs).values_list("completion_run_id")
        for run_id, *values in of_runs.annotate(**figures):
            yield Subject(None, run_id), *values


def _waiting_about(workspace_id: int, subjects: Iterable[Subject]) -> QuerySet[Delivery]:
    """Calls of a task stand under it once it is known; before that, under their run."""
    subjects = list(subjects)
    tasks = [subject.task_id for subject in subjects if subject.task_id]
    runs = [subject.completion_run_id for subject in subjects if not subject.task_id]
    named = Q(task_id__in=tasks) | Q(task_id=None, completion_run_id__in=runs)
    return Delivery.objects.filter(named, workspace_id=workspace_id, processed_at=None)
