"""Many tasks approved at once: those of a list that were waiting when somebody counted them and said yes.

The tasks and the states they were in are written down first; a worker then goes through them one by one, and each is
looked at again before it is approved. What was changed meanwhile, or is in somebody's hands, is left out and told.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Person, Workspace
from telareview.review.claims import holder_of
from telareview.review.queue import waiting
from telareview.review.refusals import TROUBLE, ChangedMeanwhile
from telareview.review.reviewing import Wish, review_task
from telareview.sync.refresh import TaskIsGone
from telareview.tasks.detail import TaskPage
from telareview.tasks.facts import holdable
from telareview.tasks.filters import TaskFilter
from telareview.tasks.models import Task, TaskVersion
from telareview.tela import TaskRecord, WritingClient
from telareview.tela.errors import AnswerLost

#: Tasks of one selection. More than a person can have looked at is narrowed first.
MOST_TASKS = 10_000


class BulkReview(models.Model):
    """One selection that somebody approved, as it was counted."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Kept as text, so that the record outlives the person.
    person_email = models.TextField()
    #: The list's query string; "" where the tasks were named one by one.
    query = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(default=timezone.now)
    #: Null until every task has a result.
    ended_at = models.DateTimeField(null=True)
    #: Code of the error for which the worker stopped before the end; "" while it goes on.
    trouble = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("bulk approval")
        verbose_name_plural = _("bulk approvals")

    def __str__(self) -> str:
        return f"{self.person_email} {self.asked_at:%Y-%m-%d %H:%M}"


class BulkTask(models.Model):
    """One task of a selection, and what came of it."""

    class Result(models.TextChoices):
        WAITING = "", _("waiting")
        APPROVED = "approved", _("approved")
        CHANGED = "changed", _("changed meanwhile")
        HELD = "held", _("in somebody's hands")
        GONE = "gone", _("gone")
        REFUSED = "refused", _("not approved")
        LOST = "lost", _("answer lost")

    bulk = models.ForeignKey(BulkReview, on_delete=models.CASCADE, related_name="tasks")
    task_id = models.UUIDField()
    name = models.TextField(blank=True, default="")
    #: The version that was selected.
    number = models.IntegerField()
    result = models.TextField(choices=Result, blank=True, default="")
    #: Who is at it, for one in somebody's hands; else a sentence in English, "" when it went well.
    detail = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "task_id"], name="task_once_in_a_bulk")]
        indexes = [models.Index(fields=["bulk", "result", "id"], name="bulk_by_result")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.result or 'waiting'}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The waiting tasks of a list, counted. `mark` tells one set of tasks from another of the same number."""

    count: int
    mark: str
    ids: tuple[UUID, ...]

    @property
    def too_many(self) -> bool:
        return self.count > MOST_TASKS


class SelectionChanged(Exception):
    """Other tasks wait now than were counted. `now` is what there is."""

    def __init__(self, now: Selection) -> None:
        super().__init__(now.count)
        self.now = now


def select(workspace: Workspace, task_filter: TaskFilter, zone: ZoneInfo) -> Selection:
    """What of a list waits for review at this moment."""
    found = waiting(workspace, task_filter, zone).order_by("task_id").values_list("task_id", flat=True)
    ids = tuple(found[: MOST_TASKS + 1])
    mark = hashlib.sha256(b"".join(each.bytes for each in ids)).hexdigest()[:32]
    return Selection(len(ids), mark, ids)


def begin(workspace: Workspace, person: Person, query: str, selection: Selection, mark: str) -> BulkReview:
    """Write the selection down if it is still the one that was counted. Raises SelectionChanged."""
    if selection.mark != mark or selection.too_many or not selection.count:
        raise SelectionChanged(selection)
    return write_down(workspace, person, query, selection.ids)


def write_down(workspace: Workspace, person: Person, query: str, ids: tuple[UUID, ...]) -> BulkReview:
    """The tasks with their present versions; those that are not in the mirror are left out."""
    with transaction.atomic():
        bulk = BulkReview.objects.create(workspace=workspace, person=person, person_email=person.email, query=query)
        cards = Task.objects.of(workspace).filter(task_id__in=ids).order_by("created_at", "task_id")
        BulkTask.objects.bulk_create(
            [
                BulkTask(bulk=bulk, task_id=card.task_id, name=card.name or "", number=card.version_number)
                for card in cards
            ],
            batch_size=1_000,
        )
    return bulk


def carry_on(
    bulk: BulkReview, client: WritingClient, person: Person, should_stop: Callable[[], bool] = lambda: False
) -> None:
    """Go through the tasks without a result; interrupted anywhere, the next call goes on from there."""
    BulkReview.objects.filter(pk=bulk.pk).update(trouble="")
    while (each := bulk.tasks.filter(result="").order_by("pk").first()) is not None:
        if should_stop():
            return
        each.result, each.detail = _approve(bulk, client, person, each)
        each.save(update_fields=["result", "detail"])
    BulkReview.objects.filter(pk=bulk.pk, ended_at=None).update(ended_at=timezone.now())


def counts(bulk: BulkReview) -> dict[str, int]:
    """How many tasks there are, are done, and have each result."""
    numbers = {result.name.lower(): Count("pk", filter=Q(result=result)) for result in BulkTask.Result}
    found = bulk.tasks.aggregate(total=Count("pk"), **numbers)
    return {**found, "done": found["total"] - found["waiting"]}


def _approve(bulk: BulkReview, client: WritingClient, person: Person, each: BulkTask) -> tuple[str, str]:
    if who := holder_of(bulk.workspace, person, each.task_id):
        return BulkTask.Result.HELD, who
    seen = _seen(bulk.workspace, each)
    if seen is None:
        return BulkTask.Result.REFUSED, "What was selected is no longer known here."
    try:
        review_task(client, bulk.workspace, person, Wish(seen, approve=True))
    except TROUBLE as error:
        return _result_of(error), holdable(str(error)) or ""
    return BulkTask.Result.APPROVED, ""


def _result_of(error: Exception) -> str:
    if isinstance(error, TaskIsGone):
        return BulkTask.Result.GONE
    if isinstance(error, AnswerLost):
        return BulkTask.Result.LOST
    return BulkTask.Result.CHANGED if isinstance(error, ChangedMeanwhile) else BulkTask.Result.REFUSED


def _seen(workspace: Workspace, each: BulkTask) -> TaskRecord | None:
    """The state that was selected, from the mirror's own history."""
    card = Task.objects.of(workspace).filter(task_id=each.task_id).first()
    version = TaskVersion.objects.of_task(workspace, each.task_id).filter(number=each.number).first()
    return TaskPage(card, version, TaskFilter(), "").record if card and version else None
