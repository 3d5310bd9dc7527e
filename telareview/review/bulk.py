"""Many tasks approved at once: those of a list that were waiting when somebody counted them and said yes.

The tasks and the states they were in are written down first; a worker then goes through them one by one, and each is
looked at again before it is approved. What was changed meanwhile, or is in somebody's hands, is left out and told.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import override

from telareview.accounts.models import Person, Workspace
from telareview.review.claims import holder_of
from telareview.review.holds import Work, hold
from telareview.review.models import BulkReview, BulkTask, OutgoingAction
from telareview.review.queue import waiting
from telareview.review.refusals import TROUBLE, ChangedMeanwhile, NotDone, NotKnown, NotReviewed
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


def write_down(
    workspace: Workspace, person: Person, query: str, ids: tuple[UUID, ...], trouble: str = ""
) -> BulkReview:
    """The tasks with their present versions; those that are not in the mirror are left out.

    `trouble` is what stands there should it not come to its end; with one, no worker takes it up by itself.
    """
    with transaction.atomic():
        bulk = BulkReview.objects.create(
            workspace=workspace, person=person, person_email=person.email, query=query, trouble=trouble
        )
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
    """Go through the tasks without a result; interrupted anywhere, the next call goes on from there. Raises Held."""
    with hold(Work.BULK, bulk.pk):
        while (each := bulk.tasks.filter(result="").order_by("pk").first()) is not None:
            if should_stop():
                return
            _approve(bulk, client, person, each)
            each.save(update_fields=["result", "detail", "code", "words"])
        BulkReview.objects.filter(pk=bulk.pk, ended_at=None).update(ended_at=timezone.now(), trouble="")


def settle_results(workspace: Workspace, task_ids: Iterable[UUID]) -> None:
    """Selected tasks whose answer was lost, and that were looked at since: approved after all, or not."""
    lost = BulkTask.objects.filter(
        bulk__workspace=workspace, task_id__in=list(task_ids), result=BulkTask.Result.LOST
    ).select_related("bulk")
    for each in lost:
        sent = OutgoingAction.objects.filter(
            workspace=workspace,
            task_id=each.task_id,
            act=OutgoingAction.Act.APPROVE,
            person_email=each.bulk.person_email,
            sent_at__gte=each.bulk.asked_at,
        )
        outcome = sent.order_by("sent_at").values_list("outcome", flat=True).first()
        if outcome == OutgoingAction.Outcome.FOUND:
            each.result, each.code, each.detail = BulkTask.Result.APPROVED, "", ""
        elif outcome == OutgoingAction.Outcome.ABSENT:
            each.result, each.code, each.words = BulkTask.Result.REFUSED, NotDone.code, {}
        each.save(update_fields=["result", "code", "words", "detail"])


def counts(bulk: BulkReview) -> dict[str, int]:
    """How many tasks there are, are done, and have each result."""
    numbers = {result.name.lower(): Count("pk", filter=Q(result=result)) for result in BulkTask.Result}
    found = bulk.tasks.aggregate(total=Count("pk"), **numbers)
    return {**found, "done": found["total"] - found["waiting"]}


def _approve(bulk: BulkReview, client: WritingClient, person: Person, each: BulkTask) -> None:
    """Approve one, and write what came of it on `each`."""
    if who := holder_of(bulk.workspace, person, each.task_id):
        each.result, each.detail = BulkTask.Result.HELD, who
        return
    try:
        seen = _seen(bulk.workspace, each)
        if seen is None:
            raise NotKnown
        review_task(client, bulk.workspace, person, Wish(seen, approve=True))
    except TROUBLE as error:
        each.result, each.code = _result_of(error), error.code
        if isinstance(error, NotReviewed):
            each.words = {name: holdable(word) or "" for name, word in error.words.items()}
        with override("en"):
            each.detail = holdable(str(error)) or ""
    else:
        each.result = BulkTask.Result.APPROVED


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
