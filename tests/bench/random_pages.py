"""Random questions at a large mirror: `python -m tests.bench.random_pages`, which prints JSON.

DATABASE_URL names the mirror. Half of the addresses are sensible ones, filters of values that occur in the mirror or
nowhere, in any order, at any moment, on any page; the other half are rubbish (`tests.tasks.query_strings`). Each is
asked for once, as it comes, under the limit that the web server sets to a statement.
"""

import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from django.db import connection  # noqa: E402 - needs the settings that setup() reads
from django.utils import timezone  # noqa: E402

from telareview.demo.seed_words import APPROVERS, APPS, CREATORS  # noqa: E402
from telareview.demo.seeding import SPAN  # noqa: E402
from telareview.tasks.feed_filter import KINDS  # noqa: E402
from telareview.tasks.filters import ORDER_COLUMNS, REVISIONS, STATUSES  # noqa: E402
from telareview.tasks.models import Task, TaskVersion  # noqa: E402
from telareview.web.database import limit_statements  # noqa: E402
from tests.bench.list_page import Reader, statements  # noqa: E402
from tests.tasks.query_strings import query_strings  # noqa: E402

QUESTIONS = 3_000
SEED = 12
SLOWEST = 10
#: Of the tasks whose own values are asked for.
SAMPLE = 500
#: That a link onwards is followed.
ONWARD = 0.25
LINK = re.compile(r'rel="next"\s+href="([^"]+)"|href="([^"]+)"\s+rel="next"')

type Pair = tuple[str, str]


class Questions:
    """Addresses, by chance, of values of these tasks."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = timezone.now().replace(microsecond=0)
        # By their ids, which say nothing of their age.
        self.tasks = list(Task.objects.order_by("task_id")[:SAMPLE])
        self.rubbish = query_strings(seed, 10 * QUESTIONS)

    def all(self, count: int) -> Iterator[str]:
        for number in range(count):
            if number % 2:
                page = self.chance.choice(("/tasks/", "/tasks/", "/tasks/count/", "/history/"))
                yield f"{page}?{next(self.rubbish)}"
            else:
                yield self.sensible()

    def sensible(self) -> str:
        pages: dict[Callable[[], str], int] = {self._list: 12, self._count: 3, self._feed: 4, self._task: 2}
        (page,) = self.chance.choices(list(pages), list(pages.values()))
        return page()

    def _list(self) -> str:
        pairs = self._criteria() + self._order()
        if self.chance.random() < 0.2:
            pairs.append(("before", "end"))
        return f"/tasks/?{urlencode(pairs)}"

    def _count(self) -> str:
        pairs = self._criteria() + ([("exact", "1")] if self.chance.random() < 0.5 else [])
        return f"/tasks/count/?{urlencode(pairs)}"

    def _feed(self) -> str:
        task = self.chance.choice(self.tasks)
        every: list[list[Pair]] = [
            [("kind", self.chance.choice(KINDS))],
            [("approvedBy", self._person(APPROVERS))],
            [("promptApplicationId", self._app())],
            [("observedAtSince", self._day())],
            [("observedAtUntil", self._day())],
            [("editedField", self._path(task))],
            [("olderThan", f"{self._instant()}~1")],
        ]
        return f"/history/?{urlencode(self._some(every, 3))}"

    def _task(self) -> str:
        """A task opened from a list: its neighbours in it are looked up."""
        pairs = self._criteria() + self._order()
        return f"/tasks/{self.chance.choice(self.tasks).task_id}/?{urlencode(pairs)}"

    def _criteria(self) -> list[Pair]:
        task, chance = self.chance.choice(self.tasks), self.chance
        column = chance.choice(("createdAt", "updatedAt", "approvedAt"))
        name = task.name or "INV-00001"
        start = chance.randrange(len(name))
        every: list[list[Pair]] = [
            [("status", chance.choice([*STATUSES, "cancelled"]))],
            [("status", "completed"), ("status", "failed")],
            [("approvedBy", self._person(APPROVERS))],
            [("createdBy", self._person(CREATORS))],
            [("approvedBy", each) for each in chance.sample(list(APPROVERS), 3)],
            [("revisionProcess", chance.choice(list(REVISIONS)))],
            [(f"{column}Since", self._day())],
            [(f"{column}Until", self._day())],
            [("promptApplicationId", self._app())],
            [("q", name[start : start + chance.randint(1, 8)])],
            [("q", chance.choice((f"#{task.reference}", str(task.task_id)[:8], "zzzz", "a", "%", "é")))],
            [("taskName", name[:3])],
            [("tags", chance.choice(("priority", "reviewed", "lote-nov", "nowhere")))],
            [("ids", str(task.task_id))],
            [("editedField", self._path(task))],
            [("gone", chance.choice(("include", "only")))],
            [("output.cliente", chance.choice(("Acme Corp", "nobody")))],
            [("output.cliente__contains", chance.choice(("Lima", "x", "nobody at all")))],
            [("output.total.valor__gte", str(chance.randrange(10**6)))],
            [("output.total.valor__lte", str(chance.randrange(10**4)))],
            [("output.no.such.field", "1")],
            [("asOf", self._instant())],
        ]
        return self._some(every, 4)

    def _order(self) -> list[Pair]:
        size = str(self.chance.choice((25, 50, 100)))
        order = self.chance.choice(("asc", "desc"))
        return [("orderBy", self.chance.choice(list(ORDER_COLUMNS))), ("order", order), ("limit", size)]

    def _some(self, every: list[list[Pair]], most: int) -> list[Pair]:
        return [pair for pairs in self.chance.sample(every, self.chance.randint(0, most)) for pair in pairs]

    def _person(self, people: dict[str, int]) -> str:
        return self.chance.choice([*people, "nobody@acme.example"])

    def _app(self) -> str:
        return self.chance.choice([*(app.id for app in APPS), "95cec438-6080-44fe-8275-000000000000"])

    def _path(self, task: Task) -> str:
        return self.chance.choice([*task.edited_paths, "total.valor", "no.such.field"])

    def _moment(self) -> datetime:
        return self.now - timedelta(seconds=self.chance.random() * SPAN.total_seconds())

    def _day(self) -> str:
        return f"{self._moment():%Y-%m-%d}"

    def _instant(self) -> str:
        return f"{self._moment():%Y-%m-%dT%H:%M:%SZ}"


def asked(reader: Reader, address: str) -> dict[str, Any]:
    """What came of one address: its status, seconds, the slowest of its statements, and where it leads on."""
    with statements() as made:
        began = time.perf_counter()
        status, page = reader.look(address)
        seconds = time.perf_counter() - began
    slowest = max(made, key=lambda each: each.milliseconds, default=None)
    onward = LINK.search(page)
    return {
        "address": address,
        "status": status,
        "seconds": seconds,
        "statement": slowest.milliseconds / 1000 if slowest else 0.0,
        "sql": slowest.text[:2_000] if slowest else "",
        "onward": unescape(onward[1] or onward[2]) if onward else "",
    }


def main(questions: int) -> None:
    limit_statements()
    # What happens in production: a page that fails is answered, not raised.
    reader = Reader(connection.settings_dict["NAME"], "admin", raises=False)
    connection.close()
    chance, found = random.Random(SEED), []
    for address in Questions(SEED).all(questions):
        found.append(asked(reader, address))
        if found[-1]["onward"] and chance.random() < ONWARD:
            found.append(asked(reader, found[-1]["onward"]))
    told = {
        "tasks": Task.objects.count(),
        "versions": TaskVersion.objects.count(),
        "pages": len(found),
        "seconds": sorted(each["seconds"] for each in found),
        "failed": [each for each in found if each["status"] >= 500],
        "by statement": sorted(found, key=lambda each: -each["statement"])[:SLOWEST],
        "by page": sorted(found, key=lambda each: -each["seconds"])[:SLOWEST],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else QUESTIONS)
