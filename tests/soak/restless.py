"""A Tela in process whose tasks change between any two calls: at the wire, so that the whole machinery can pull it.

Everything follows from the seed but the order in which several threads call.
"""

import datetime as dt
import json
import random
from collections.abc import Iterable, Sequence
from operator import itemgetter
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

from telareview.tela import NotFound
from telareview.tela.transport import Reply
from tests.tasks.records import stamp, task_id, task_json

BEGINNING = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
#: Span in which the tasks were created that stand there at first.
SPAN_MINUTES = 40_000
#: Shares of changes; the rest are updates. A deleted task comes back now and then, without a trace in its stamps.
NEW, DELETED, RETURNED, UNBUMPED = 0.19, 0.09, 0.01, 0.01
LATE_SHARE, LATE = 0.05, dt.timedelta(seconds=3)
#: One call in so many falls behind a job that stamps many tasks at once.
CALLS_PER_BULK = 60
PAYLOAD_KEYS = ("rawInput", "inputContent", "outputContent", "originalOutputContent")


class Row(NamedTuple):
    """One state of a task."""

    created: dt.datetime
    updated: dt.datetime
    visible: dt.datetime
    state: int


class RestlessTela:
    """`changes` writes happen between two calls until `settle`; some become visible late, `ties` share one stamp.

    Equal stamps stand in an order of their own, not by id. `exchange` is that of the client's transport.
    """

    def __init__(self, seed: int, tasks: int, *, changes: int = 6, ties: int = 300) -> None:
        self.random = random.Random(seed)
        self.now = BEGINNING + dt.timedelta(days=30)
        self.changes, self.ties = changes, ties
        self.still = False
        self.rows: dict[int, Row] = {}
        self.deleted: dict[int, Row] = {}
        #: What a reader still sees while a newer write of the task is not visible yet.
        self.before: dict[int, Row] = {}
        #: Tasks whose latest change left no trace in `updatedAt`, so that only a sweep can find it.
        self.silent: set[int] = set()
        self.changes_made = self.late = self.bulks = 0
        self._numbers: dict[UUID, int] = {}
        self._lock = Lock()
        #: Each state as it is told, whole and without its payload.
        self._texts: dict[tuple[int, Row], tuple[str, str]] = {}
        bulk = BEGINNING + dt.timedelta(days=3)
        for index in range(tasks):
            moment = bulk if index < ties else BEGINNING + dt.timedelta(minutes=self.random.randrange(SPAN_MINUTES))
            self._add(Row(moment, moment, moment, 0))

    def exchange(
        self, verb: str, path: str, parameters: Sequence[tuple[str, str]] = (), body: bytes | None = None
    ) -> Reply:
        """Answer `GET /task` and `GET /task/{id}`. Raises NotFound for what is deleted, new and not yet visible."""
        with self._lock:
            self._live()
            asked = dict(parameters)
            if path == "/task":
                text = f"[{','.join(self._listed(asked))}]"
            else:
                shown = self._shown(self._numbers.get(UUID(path.rpartition("/")[2]), 0))
                if shown is None:
                    raise NotFound(status=404)
                text = self._text(*shown)
            return Reply(200, text.encode(), self.now.replace(microsecond=0), None)

    def miss(self) -> None:
        """Also between a call that does not arrive and the next one, tasks change."""
        with self._lock:
            self._live()

    def expected(self) -> dict[UUID, dict[str, Any]]:
        """What a mirror must hold once changes have stopped and everything is visible: whole tasks by id."""
        return {task_id(number): json.loads(self._text(number, row)) for number, row in self.rows.items()}

    def silently_changed(self) -> set[UUID]:
        """Tasks that no walk over `updatedAt` can be blamed for."""
        return {task_id(number) for number in self.silent}

    def settle(self) -> None:
        """Changes stop, and a minute later everything is visible."""
        self.still = True
        self.now += dt.timedelta(minutes=1)

    def stir(self) -> None:
        """Changes go on."""
        self.still = False

    def _live(self) -> None:
        self.now += dt.timedelta(milliseconds=self.random.randrange(5, 400))
        if self.still:
            return
        for _ in range(self.changes):
            self.now += dt.timedelta(milliseconds=self.random.randrange(3))
            self._change()
        if self.random.randrange(CALLS_PER_BULK) == 0:
            self.bulks += 1
            for number in self.random.sample(list(self.rows), min(self.ties, len(self.rows))):
                self._update(number, self.now)

    def _change(self) -> None:
        self.changes_made += 1
        luck = self.random.random()
        if luck < NEW:
            self._add(Row(self.now, self.now, self._visible(), 0))
        elif luck < NEW + DELETED:
            number = self._any()
            self.deleted[number] = self.rows.pop(number)
            self.before.pop(number, None)
        elif luck < NEW + DELETED + RETURNED and self.deleted:
            number = self.random.choice(list(self.deleted))
            self.rows[number] = self.deleted.pop(number)._replace(visible=self.now)
            self.silent.add(number)
        elif luck < NEW + DELETED + RETURNED + UNBUMPED:
            number = self._any()
            row = self.rows[number]
            self.rows[number] = row._replace(state=row.state + 1)
            self.silent.add(number)
        else:
            self._update(self._any(), self._visible())

    def _any(self) -> int:
        return self.random.choice(list(self.rows))

    def _visible(self) -> dt.datetime:
        if self.random.random() >= LATE_SHARE:
            return self.now
        self.late += 1
        return self.now + LATE

    def _add(self, row: Row) -> None:
        number = len(self._numbers) + 1
        self.rows[number], self._numbers[task_id(number)] = row, number

    def _update(self, number: int, visible: dt.datetime) -> None:
        old = self.rows[number]
        if old.visible <= self.now:
            self.before[number] = old
        self.rows[number] = Row(old.created, self.now, visible, old.state + 1)
        self.silent.discard(number)

    def _shown(self, number: int) -> tuple[int, Row] | None:
        row = self.rows.get(number)
        if row is not None and row.visible > self.now:
            row = self.before.get(number)
        return None if row is None else (number, row)

    def _listed(self, asked: dict[str, str]) -> Iterable[str]:
        """The rows of one list call, which asks for ids or for one range of one stamp."""
        light = asked.get("excludeInputOutputColumns") == "true"
        limit, offset, key = int(asked["limit"]), int(asked["offset"]), asked["orderBy"]
        if "ids" in asked:
            numbers: Iterable[int] = [self._numbers[UUID(each)] for each in json.loads(asked["ids"])]
            since, until = None, None
        else:
            numbers = self.rows
            since, until = _moment(asked.get(f"{key}Since")), _moment(asked.get(f"{key}Until"))
        by_update = key == "updatedAt"
        # Hundreds of thousands of rows are looked at in a trial, so nothing is called for each of them.
        rows, before, now, found = self.rows, self.before, self.now, []
        for number in numbers:
            row = rows.get(number)
            if row is not None and row.visible > now:
                row = before.get(number)
            if row is None:
                continue
            moment = row.updated if by_update else row.created
            if (since is None or moment >= since) and (until is None or moment <= until):
                found.append((moment, number * 2654435761 % 2**32, number, row))
        found.sort(key=itemgetter(0, 1), reverse=asked["order"] == "desc")
        return [self._text(number, row, light=light) for _moment, _tie, number, row in found[offset : offset + limit]]

    def _text(self, number: int, row: Row, *, light: bool = False) -> str:
        texts = self._texts.get((number, row))
        if texts is None:
            raw = _task(number, row)
            slender = {name: raw[name] for name in raw if name not in PAYLOAD_KEYS}
            texts = self._texts[number, row] = (json.dumps(raw), json.dumps(slender))
        return texts[light]


def _task(number: int, row: Row) -> dict[str, Any]:
    content = {"cliente": f"Cliente {number}", "total": row.state}
    approved = row.state % 3 == 1
    return task_json(
        number,
        name=f"{number} in state {row.state}",
        status="completed" if approved else "validating",
        approvedBy="ana.souza@acme.example" if approved else None,
        approvedAt=stamp(row.updated) if approved else None,
        outputContent={"role": "assistant", "content": content},
        createdAt=stamp(row.created),
        updatedAt=stamp(row.updated),
    )


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
