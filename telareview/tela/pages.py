"""One answer of `GET /task`: the tasks in it, the rows that could not be read, and what it says of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from telareview.tela.errors import UnreadableReply
from telareview.tela.fields import UnreadableRow, kind_of, read_task_id
from telareview.tela.query import ORDERS, TaskQuery
from telareview.tela.records import TaskRecord, VersionRecord
from telareview.tela.transport import Reply
from telareview.tela.wire import canonical_json, decode, is_too_deep

#: Where the rows may be when the reply is an object, in the order of looking.
ROW_KEYS = ("data", "tasks", "items", "results")
#: Where the total may be, and under which names.
TOTAL_PLACES = ("metadata", "meta", "pagination")
TOTAL_KEYS = ("total", "totalCount", "count", "totalItems")

#: The orders which can be checked here; how Tela's database compares text is its own affair.
_SORT_VALUES: Mapping[str, Callable[[TaskRecord], Any]] = {
    "createdAt": lambda task: task.created_at,
    "updatedAt": lambda task: task.updated_at,
    "approvedAt": lambda task: task.approved_at,
    "reference": lambda task: task.reference,
    "id": lambda task: task.id,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that is not what the API documents: kept as it came, never guessed at."""

    #: Its place in the answer, from 0.
    index: int
    #: A sentence for people.
    reason: str
    #: The row in its one spelling; for a row nested too deeply to be stored, a JSON object that says so.
    raw_json: str
    #: The id, if at least that could be read.
    task_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """One page of tasks, in the order in which Tela sent them."""

    #: Each id once: of rows with the same id the newest by `updatedAt`, the first among equals.
    tasks: tuple[TaskRecord, ...]
    rejected: tuple[RejectedRow, ...]
    #: Tasks that match the question on all pages; None unless Tela told a number that can be one.
    total: int | None
    #: Tela's clock at the answer (`Date`), UTC, whole seconds; None when not told.
    server_time: datetime | None
    #: Rows in the answer, rejected and repeated ones included. May exceed the limit asked for.
    row_count: int

    def is_sorted(self, order_by: str, order: str = "asc") -> bool:
        """Whether the tasks stand in this order. Those without a value are passed over; ties may stand anyhow.

        Raises ValueError for orders that only Tela's database can judge (names, e-mail addresses, statuses).
        """
        if order_by not in _SORT_VALUES or order not in ORDERS:
            raise ValueError(f"Only {', '.join(_SORT_VALUES)} can be checked, asc or desc.")
        values = [value for task in self.tasks if (value := _SORT_VALUES[order_by](task)) is not None]
        if order == "desc":
            values.reverse()
        return all(earlier <= later for earlier, later in pairwise(values))


def read_page(reply: Reply, query: TaskQuery) -> TaskPage:
    """The page in a reply to `query`. Raises UnreadableReply when no list of rows is found in it."""
    answer = decode(reply.body)
    rows = _rows(answer)
    newest: dict[UUID, tuple[int, TaskRecord]] = {}
    rejected: list[RejectedRow] = []
    for index, row in enumerate(rows):
        try:
            task = TaskRecord.from_json(row, light=query.exclude_input_output)
        except UnreadableRow as problem:
            rejected.append(_rejected(index, row, str(problem)))
            continue
        known = newest.get(task.id)
        if known is None or task.updated_at > known[1].updated_at:
            newest[task.id] = (index, task)
    return TaskPage(
        tasks=tuple(task for _, task in sorted(newest.values(), key=lambda entry: entry[0])),
        rejected=tuple(rejected),
        total=_total(answer, at_least=query.offset + len(rows) if rows else 0),
        server_time=reply.server_time,
        row_count=len(rows),
    )


def read_task(reply: Reply, task_id: UUID) -> TaskRecord:
    """The one task in a reply. Raises UnreadableReply when it cannot be read or is another task."""
    try:
        task = TaskRecord.from_json(decode(reply.body))
    except UnreadableRow as problem:
        raise UnreadableReply(str(problem)) from None
    if task.id != task_id:
        raise UnreadableReply("Another task came than the one asked for.")
    return task


def read_versions(reply: Reply, task_id: UUID) -> tuple[VersionRecord, ...]:
    """Tela's history of one task, newest first. Raises UnreadableReply; a history with holes is none."""
    try:
        versions = [VersionRecord.from_json(row, task_id=task_id) for row in _rows(decode(reply.body))]
    except UnreadableRow as problem:
        raise UnreadableReply(str(problem)) from None
    return tuple(sorted(versions, key=lambda version: version.version, reverse=True))


def _rows(answer: Any) -> list[Any]:
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        raise UnreadableReply(f"The reply is {kind_of(answer)}, neither a list nor an object that holds one.")
    for key in ROW_KEYS:
        rows = answer.get(key)
        if isinstance(rows, list):
            return rows
    raise UnreadableReply(f"The reply holds no list under {', '.join(ROW_KEYS)}.")


def _total(answer: Any, *, at_least: int) -> int | None:
    """The total told. A number smaller than the rows already seen is no total (`count` may mean this page)."""
    if not isinstance(answer, dict):
        return None
    for place in (*(answer.get(key) for key in TOTAL_PLACES), answer):
        if not isinstance(place, dict):
            continue
        for key in TOTAL_KEYS:
            total = _count(place.get(key))
            if total is not None and total >= at_least:
                return total
    return None


def _count(value: object) -> int | None:
    # PostgreSQL's count arrives as text through some drivers.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        return int(value)
    return value if type(value) is int and 0 <= value < 10**15 else None


def _rejected(index: int, row: Any, reason: str) -> RejectedRow:
    try:
        raw_json = canonical_json(row)
    except RecursionError:
        raw_json = ""
    if not raw_json or is_too_deep(raw_json):
        raw_json = canonical_json({"rejected": reason})
    try:
        task_id = str(read_task_id(row)) if isinstance(row, dict) else None
    except UnreadableRow:
        task_id = None
    return RejectedRow(index=index, reason=reason, raw_json=raw_json, task_id=task_id)
