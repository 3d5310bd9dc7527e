"""The review queue: of any list, one task after the other that waits for review, and nobody's twice.

The queue has no state on the server but the claims: its list, the place in it and the count travel in the address.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from telareview.accounts.models import Person, Workspace
from telareview.review.claims import free_for, release, take
from telareview.review.reviewing import WAITING
from telareview.tasks.filters import Reader, TaskFilter
from telareview.tasks.known import matching_tasks
from telareview.tasks.models import Task, TaskFacts
from telareview.tasks.paging import Cursor, read_page
from telareview.tasks.parameters import parse
from telareview.tasks.querysets import FactsQuerySet

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

#: Rows looked at together when one is to be claimed.
CANDIDATES = 25
MOST_DIGITS = 9
#: The address's words for the queue; everything else in it is the list's own.
AT, OF, QUEUE = "at", "of", "queue"


@dataclass(frozen=True, slots=True)
class Queue:
    """A list being reviewed: `at` of `of`."""

    task_filter: TaskFilter
    #: 1 for the first task shown.
    at: int
    #: How many waited when the queue was begun.
    of: int
    #: What of the address could not be read, a sentence each: the list is wider than was meant.
    problems: tuple[str, ...] = ()

    def next_address(self, after: TaskFacts | None = None) -> str:
        """Where the next task is found: behind `after` in the list's order, else from its start."""
        here = self.task_filter.from_start()
        if after is not None:
            here = here.replace(after=str(Cursor.at(after, here)))
        pairs = [*here.as_pairs(), (AT, str(self.at + 1 if after is not None else 1)), (OF, str(self.of))]
        return f"{reverse('review:next')}?{urlencode(pairs)}"

    def suffix(self) -> str:
        """What the page of a task carries."""
        return urlencode({QUEUE: self.task_filter.from_start().as_query(), AT: self.at, OF: self.of})

    @property
    def bulk_address(self) -> str:
        """Where all of the list is approved at once."""
        return self.task_filter.from_start().address(reverse("review:bulk"))

    @property
    def list_address(self) -> str:
        return self.task_filter.from_start().address(reverse("tasks:list"))


def queue_of(request: "MemberRequest", query: QueryDict, zone: ZoneInfo) -> Queue:
    """The queue that a list's query names, with `at` and `of` beside it."""
    query = query.copy()
    at, of = (_number(query.pop(name, [""])[-1]) for name in (AT, OF))
    seen = Task.objects.all().distinct_values("status", request.workspace) if "status" in query else ()
    reader = Reader(zone, frozenset(seen), now=timezone.now(), page_size=request.user.page_size)
    task_filter, problems = parse(query, reader)
    task_filter = task_filter.replace(as_of=None, source="", cols=(), gone="exclude")
    return Queue(task_filter, max(1, at), of, tuple(map(str, problems)))


def waiting(workspace: Workspace, task_filter: TaskFilter, zone: ZoneInfo) -> FactsQuerySet:
    """The tasks of the list that wait for review."""
    return matching_tasks(workspace, task_filter, zone).filter(status=WAITING)


def claim_next(workspace: Workspace, person: Person, queue: Queue, zone: ZoneInfo) -> Task | None:
    """The next task of the queue that nobody else is at, claimed; None at its end. Raises BrokenCursor."""
    place = queue.task_filter.replace(limit=CANDIDATES)
    while True:
        page = read_page(free_for(waiting(workspace, place, zone), person), place)
        for task in page.rows:
            if not take(workspace, person, task.task_id):
                continue
            # Between looking and claiming somebody may have finished it.
            if Task.objects.of(workspace).filter(task_id=task.task_id, status=WAITING, gone_at=None).exists():
                return task
            release(workspace, person, task.task_id)
        if page.following is None:
            return None
        place = page.following.replace(limit=CANDIDATES)


def _number(text: Any) -> int:
    return int(text) if str(text).isascii() and str(text).isdecimal() and len(text) <= MOST_DIGITS else 0
