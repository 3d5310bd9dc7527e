"""Algorithm C: how many tasks Tela and the mirror hold of each month of `createdAt`, and a sweep where that differs.

Counts taken while things change are hints, never verdicts: a month differs when two questions, apart in time, met one
and the same difference. Tasks that are gone, or younger than SETTLED, are not counted. Where Tela's answers carry a
total, every month costs one call. Where they do not, a few months are chosen and each costs two calls if the mirror
is right, and about 2·log2 of the difference if it is not.
"""

import datetime as dt
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

from django.db.models import Min
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.exclusive import Stopped
from telareview.sync.models import AbsentTask, SyncRun
from telareview.sync.sweep import sweep
from telareview.sync.walk import MILLISECOND, UnsoundPage
from telareview.tasks.models import Task
from telareview.tela import TaskPage, TaskQuery, TelaClient

#: Younger tasks may not be visible yet, or not pulled.
SETTLED = dt.timedelta(minutes=2)
#: Seconds between the two questions whose differences have to be equal, and between looks at whether to stop.
APART_SECONDS, LOOK_SECONDS = 5.0, 0.5
#: Months compared in one run where Tela tells no totals.
MONTHS_A_RUN = 3
#: A difference that a sweep could not mend (a row nobody can read, usually) is not swept for again before the next day.
SWEPT_AGAIN_AFTER = dt.timedelta(days=1)
#: What lies further back than so many months is counted as one.
MAX_MONTHS = 240
#: A month with more tasks than this has none: the server answers every offset alike.
MAX_COUNT = 10_000_000
#: Rows of the first question: enough that one of them can be read, and that a total is told from a page's own length.
FIRST_ROWS = 10


@dataclass(frozen=True, slots=True)
class Month:
    """A stretch of `createdAt`, both ends inclusive: a calendar month in UTC, or what has passed of it."""

    since: dt.datetime
    until: dt.datetime

    @property
    def name(self) -> str:
        return f"{self.since:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Difference:
    """Two equal answers that the mirror contradicts."""

    month: str
    tela: int
    mirror: int
    #: Whether the month was swept for it.
    swept: bool = False


@dataclass(slots=True)
class Counts:
    """What a comparison of counts found; kept on the run as JSON."""

    #: Months compared, and months with tasks in all.
    months: int
    every: int
    #: Tasks that Tela holds of the months compared.
    tasks: int
    differing: list[Difference]
    #: Names of months whose figures changed between the two questions: no verdict.
    restless: list[str]

    def keep(self, run: SyncRun) -> None:
        SyncRun.objects.filter(pk=run.pk).update(counted=asdict(self))


def reconcile(
    workspace: Workspace,
    client: TelaClient,
    run: SyncRun,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    pause: Callable[[float], None] = time.sleep,
    choose: Callable[[Sequence[Month], int], list[Month]] = random.sample,
) -> Counts:
    """Compare counts, keep on the run what was found, and sweep the months that differ.

    Raises TelaError and Stopped; then nothing was concluded from the counts so far.
    """
    months, totals = _months(workspace, client)
    every = len(months)
    if not totals and every > MONTHS_A_RUN:
        months = sorted(choose(months, MONTHS_A_RUN), key=lambda month: month.since)
    first = {month: _count_both(workspace, client, month, should_stop) for month in months}
    doubtful = [month for month, (theirs, ours) in first.items() if theirs != ours]
    if doubtful:
        _wait(APART_SECONDS, should_stop, pause)
    second = {month: _count_both(workspace, client, month, should_stop) for month in doubtful}
    differing = [month for month in doubtful if second[month] == first[month]]
    counts = Counts(
        months=len(months),
        every=every,
        tasks=sum(theirs for theirs, _ours in {**first, **second}.values()),
        differing=[Difference(month.name, *first[month]) for month in differing],
        restless=[month.name for month in doubtful if month not in differing and len({*second[month]}) == 2],
    )
    counts.keep(run)
    swept = _swept_lately(workspace)
    for place, month in enumerate(differing):
        if counts.differing[place] not in swept:
            sweep(workspace, client, run, since=month.since, until=month.until, should_stop=should_stop)
            counts.differing[place] = replace(counts.differing[place], swept=True)
            counts.keep(run)
    return counts


def months_between(oldest: dt.datetime, newest: dt.datetime) -> list[Month]:
    """The calendar months (UTC) from the one of `oldest` to `newest`, which ends the last; none if it is before."""
    edges = [_month_start(oldest)]
    while edges[-1] <= newest:
        edges.append(_month_start(edges[-1] + dt.timedelta(days=32)))
    months = [Month(since, min(following - MILLISECOND, newest)) for since, following in pairwise(edges)]
    if len(months) > MAX_MONTHS:
        distant, months = months[:-MAX_MONTHS], months[-MAX_MONTHS:]
        months.insert(0, Month(distant[0].since, distant[-1].until))
    return months


def count_from(guess: int, reaches: Callable[[int], bool]) -> int:
    """The largest number that `reaches` affirms: doubling steps from the guess, then halves. 0 is always reached.

    Two questions where the guess is right. Raises UnsoundPage where there is no end.
    """
    step = 1
    if guess == 0 or reaches(guess):
        low = guess
        while reaches(low + step):
            low, step = low + step, step * 2
            if low > MAX_COUNT:
                raise UnsoundPage("(Tela shows a task at every place of a month's list.)")
        high = low + step
    else:
        high = guess
        while high > step and not reaches(high - step):
            high, step = high - step, step * 2
        low = max(0, high - step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if reaches(middle) else (low, middle)
    return low


def _months(workspace: Workspace, client: TelaClient) -> tuple[list[Month], bool]:
    """Every month with tasks in Tela or in the mirror, and whether Tela's answers carry totals."""
    page = client.list_tasks(TaskQuery(limit=FIRST_ROWS, order_by="createdAt", order="asc", exclude_input_output=True))
    mirrored: dt.datetime | None = Task.objects.of(workspace).aggregate(oldest=Min("created_at"))["oldest"]
    oldest = min([task.created_at for task in page.tasks] + ([mirrored] if mirrored else []), default=None)
    if oldest is None:
        return [], False
    newest = (page.server_time or timezone.now()) - SETTLED
    # A "total" that equals a full page's own length may be just that.
    totals = page.total is not None and not page.total == page.row_count == FIRST_ROWS
    return months_between(oldest, newest), totals


def _month_start(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _count_both(
    workspace: Workspace, client: TelaClient, month: Month, should_stop: Callable[[], bool]
) -> tuple[int, int]:
    """How many tasks of the month Tela holds, and how many the mirror."""
    if should_stop():
        raise Stopped
    ours = _count_ours(workspace, month)
    return _count_theirs(client, month, ours), ours


def _count_ours(workspace: Workspace, month: Month) -> int:
    """Without tasks that are gone, or about to be: those whose first 404 waits for the second."""
    absent = AbsentTask.objects.filter(workspace=workspace).values("task_id")
    cards = Task.objects.of(workspace).filter(gone_at=None, created_at__gte=month.since, created_at__lte=month.until)
    return cards.exclude(task_id__in=absent).count()


def _count_theirs(client: TelaClient, month: Month, guess: int) -> int:
    query = TaskQuery(
        limit=1,
        order_by="createdAt",
        order="asc",
        created_at_since=month.since,
        created_at_until=month.until,
        exclude_input_output=True,
    )
    first = _ask(client, query, month)
    # One row and a total of one: that may be the length of this page.
    if first.total is not None and first.total != first.row_count:
        return first.total
    if first.row_count == 0:
        return 0
    return count_from(
        guess, lambda count: count == 1 or _ask(client, query.replace(offset=count - 1), month).row_count > 0
    )


def _ask(client: TelaClient, query: TaskQuery, month: Month) -> TaskPage:
    """One answer. Raises UnsoundPage when a row in it is of another time."""
    page = client.list_tasks(query)
    if any(not month.since - MILLISECOND <= task.created_at <= month.until + MILLISECOND for task in page.tasks):
        raise UnsoundPage("(A task was created at another time than was asked for.)")
    return page


def _wait(seconds: float, should_stop: Callable[[], bool], pause: Callable[[float], None]) -> None:
    for _ in range(round(seconds / LOOK_SECONDS)):
        if should_stop():
            raise Stopped
        pause(LOOK_SECONDS)


def _swept_lately(workspace: Workspace) -> set[Difference]:
    """Differences for which their month was swept within the last day, as they were before."""
    since = timezone.now() - SWEPT_AGAIN_AFTER
    runs = SyncRun.objects.filter(
        workspace=workspace, kind=SyncRun.Kind.RECONCILE, started_at__gte=since, counted__isnull=False
    )
    found = [Difference(**each) for run in runs for each in (run.counted or {})["differing"]]
    return {replace(difference, swept=False) for difference in found if difference.swept}
