"""A task list that moves between two calls, in process: the API as the walk sees it, at its worst."""

import datetime as dt
import random
from uuid import UUID

from telareview.tela import TaskPage, TaskQuery, TaskRecord, TimedOut
from tests.tasks.records import record, stamp, task_id, task_json

BEGINNING = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class MovingSource:
    """`changes` writes happen between two calls, until `still`; some show late, some calls fail or lie.

    Equal stamps stand in an order of their own, not by id, and bulk writes give hundreds of tasks one stamp.
    """

    def __init__(
        self,
        seed: int,
        tasks: int = 300,
        *,
        changes: int = 6,
        faults: float = 0.0,
        lies: tuple[str, ...] = ("error", "empty", "short"),
        ties: int = 130,
    ) -> None:
        self.random = random.Random(seed)
        self.now = BEGINNING + dt.timedelta(days=30)
        self.changes, self.faults, self.lies, self.ties = changes, faults, lies, ties
        self.still = False
        #: Number → (created, updated, visible from, state).
        self.rows: dict[int, tuple[dt.datetime, dt.datetime, dt.datetime, int]] = {}
        #: What a reader still sees while a newer write of the task is not visible yet.
        self.before: dict[int, tuple[dt.datetime, dt.datetime, dt.datetime, int]] = {}
        self._made: dict[tuple, TaskRecord] = {}
        self.next_number = 1
        bulk = BEGINNING + dt.timedelta(days=3)
        for index in range(tasks):
            moment = bulk if index < ties else BEGINNING + dt.timedelta(minutes=self.random.randrange(40_000))
            self.rows[self.next_number] = (moment, moment, moment, 0)
            self.next_number += 1

    def list_tasks(self, query: TaskQuery) -> TaskPage:
        self._live()
        if self.random.random() < self.faults and (fault := self.random.choice(self.lies)):
            if fault == "error":
                raise TimedOut
            found = [] if fault == "empty" else self._found(query)[: query.limit // 3]
            return self._page(found)
        found = self._found(query)
        return self._page(found[query.offset : query.offset + query.limit])

    def expected(self) -> dict[UUID, str]:
        """What a mirror must hold once changes have stopped and everything is visible."""
        return {task_id(number): str(row[3]) for number, row in self.rows.items()}

    def settle(self) -> None:
        """Changes stop, and a minute later everything is visible."""
        self.still = True
        self.now += dt.timedelta(minutes=1)

    def _live(self) -> None:
        self.now += dt.timedelta(milliseconds=self.random.randrange(5, 400))
        if self.still:
            return
        for _ in range(self.changes):
            self.now += dt.timedelta(milliseconds=self.random.randrange(3))
            visible = self.now + (dt.timedelta(seconds=3) if self.random.random() < 0.05 else dt.timedelta(0))
            if self.random.random() < 0.75:
                number = self.random.choice(list(self.rows))
                old = self.rows[number]
                self.before[number] = old if old[2] <= self.now else self.before.get(number, old)
                self.rows[number] = (old[0], self.now, visible, old[3] + 1)
            else:
                self.rows[self.next_number] = (self.now, self.now, visible, 0)
                self.next_number += 1

    def _found(self, query: TaskQuery) -> list[TaskRecord]:
        updated = query.order_by == "updatedAt"
        since = query.updated_at_since if updated else query.created_at_since
        until = query.updated_at_until if updated else query.created_at_until
        shown = []
        for number, newest in self.rows.items():
            row = newest if newest[2] <= self.now else self.before.get(number)
            if row is None:
                continue
            moment = row[1] if updated else row[0]
            if (since is None or moment >= since) and (until is None or moment <= until):
                shown.append((moment, (number * 2654435761) % 2**32, number, row))
        shown.sort(reverse=query.order == "desc")
        return [self._record(number, row) for _moment, _tie, number, row in shown[: query.offset + query.limit]]

    def _record(self, number: int, row: tuple[dt.datetime, dt.datetime, dt.datetime, int]) -> TaskRecord:
        if (number, row) not in self._made:
            created, updated, _visible, state = row
            raw = task_json(number, name=str(state), createdAt=stamp(created), updatedAt=stamp(updated))
            self._made[number, row] = record(raw)
        return self._made[number, row]

    def _page(self, found: list[TaskRecord]) -> TaskPage:
        return TaskPage(tasks=tuple(found), rejected=(), total=None, server_time=self.now, row_count=len(found))
