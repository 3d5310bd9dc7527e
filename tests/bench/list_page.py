"""How long the list page takes: `python -m tests.bench.list_page SMALL_DATABASE`, which prints JSON.

DATABASE_URL names the mirror, SMALL_DATABASE a smaller one on the same server, and DJANGO_SETTINGS_MODULE is
`tests.bench.settings`. A page is one whole request of a signed-in member through every middleware, from the path to the
last byte of HTML, in this process; the database is warm, and the connection stays open.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from django.conf import settings  # noqa: E402 - needs the settings that setup() reads
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from telareview.accounts.people import add_person  # noqa: E402
from telareview.accounts.workspaces import ensure_default_workspace  # noqa: E402
from telareview.demo.seed_words import APPROVERS  # noqa: E402
from telareview.tasks.filters import ORDER_COLUMNS, PAGE_SIZES  # noqa: E402
from telareview.tasks.models import Task  # noqa: E402
from tests.bench.timing import Timing, timed  # noqa: E402
from tests.bench.web import Web, web_server  # noqa: E402

TIMES = 200
#: Of every order, direction, page size and place.
TIMES_EACH = 20
TIMES_ADMIN = 20
STEPS = 50
ROUNDS = 5
HALF_A_YEAR = timedelta(days=182)
COMMON = {"approvedBy": next(iter(APPROVERS)), "revisionProcess": "approvedWithRevisions"}
RARE = {"approvedBy": list(APPROVERS)[-1], "revisionProcess": "approvedWithRevisions"}
ADMIN = "/bench-admin/tasks/task/"

type Measured = dict[str, float]


class Reader:
    """A signed-in member at this process's own pages, over the mirror of this process or another on the same server."""

    def __init__(self, database: str, role: str = "viewer", *, raises: bool = True) -> None:
        self._database = database
        self.enter()
        workspace = ensure_default_workspace()
        person, _password = add_person(f"{role}@bench.example", role, workspace)
        self._client = Client(SERVER_NAME="localhost", raise_request_exception=raises)
        self._client.force_login(person)

    def enter(self) -> None:
        """Let this process work on this reader's mirror from now on."""
        if connection.settings_dict["NAME"] != self._database:
            connection.close()
            connection.settings_dict["NAME"] = self._database

    @property
    def cookie(self) -> str:
        name = settings.SESSION_COOKIE_NAME
        return f"{name}={self._client.cookies[name].value}"

    def get(self, path: str) -> str:
        """The page. Raises RuntimeError for anything but 200."""
        response = self._client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}.")
        return str(response.content.decode())

    def look(self, path: str) -> tuple[int, str]:
        """The status of the answer, whatever it is, and the page."""
        response = self._client.get(path)
        return response.status_code, response.content.decode()

    def measure(self, path: str, times: int = TIMES) -> Measured:
        """Milliseconds of the page, and of one of its requests the statements and their share of the time."""
        timing = timed(lambda: self.get(path), times=times)
        with statements() as made:
            self.get(path)
        return {**_spoken(timing), "statements": len(made), "in database": sum(each.milliseconds for each in made)}

    def link(self, path: str, relation: str) -> str:
        """The address of the link `next` or `prev` on a page. Raises LookupError without one."""
        found = re.search(rf'rel="{relation}"\s+href="([^"]+)"|href="([^"]+)"\s+rel="{relation}"', self.get(path))
        if found is None:
            raise LookupError(f"{path} has no link {relation}.")
        return unescape(found[1] or found[2])


class Statement:
    """One statement as Django sent it."""

    def __init__(self, text: str, parameters: Any) -> None:
        self.text, self.parameters, self.milliseconds = text, parameters, 0.0


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """What is asked of the database within the block."""
    made: list[Statement] = []

    def listen(execute: Callable[..., Any], text: str, parameters: Any, many: bool, context: Any) -> Any:
        statement = Statement(text, parameters)
        made.append(statement)
        timing = timed(lambda: results.append(execute(text, parameters, many, context)), times=1, warm=0)
        statement.milliseconds = timing.p50
        return results.pop()

    results: list[Any] = []
    with connection.execute_wrapper(listen):
        yield made


def bare_sql(reader: Reader, path: str) -> Measured:
    """The same rows by the same statement with nothing of ours around it: what no page can be faster than."""
    with statements() as made:
        reader.get(path)
    pages = [each for each in made if re.search(r'FROM "tasks_task(version)?".* LIMIT \d+', each.text)]
    connection.ensure_connection()
    plain = connection.connection

    def fetch() -> None:
        for page in pages:
            plain.execute(page.text, page.parameters).fetchall()

    return _spoken(timed(fetch, times=TIMES))


def every_order(reader: Reader) -> dict[str, Measured]:
    """Each order, both ways, each page size, at the beginning and at the end of the list."""
    places = {"first": {}, "last": {"before": "end"}}
    return {
        f"{order_by} {order}, {place} {size}": reader.measure(
            f"/tasks/?{urlencode({'orderBy': order_by, 'order': order, 'limit': size, **where})}", TIMES_EACH
        )
        for order_by in ORDER_COLUMNS
        for order in ("asc", "desc")
        for size in PAGE_SIZES
        for place, where in places.items()
    }


def walk(reader: Reader, relation: str, path: str) -> Measured:
    """From page to page by the page's own links."""
    samples: list[float] = []
    for _ in range(STEPS):
        path = reader.link(path, relation)
        samples.extend(timed(partial(reader.get, path), times=1, warm=0).samples)
    return _spoken(Timing(tuple(sorted(samples))))


def growth(large: Reader, small: Reader, pages: Callable[[Reader], dict[str, str]]) -> dict[str, dict[str, Measured]]:
    """The same pages over both mirrors, in turns."""
    samples: dict[str, dict[str, list[float]]] = {}
    for _ in range(ROUNDS):
        for size, reader in (("large", large), ("small", small)):
            reader.enter()
            for name, path in pages(reader).items():
                taken = timed(partial(reader.get, path), times=TIMES_EACH).samples
                samples.setdefault(name, {}).setdefault(size, []).extend(taken)
    large.enter()
    return {
        name: {size: _spoken(Timing(tuple(sorted(taken)))) for size, taken in sizes.items()}
        for name, sizes in samples.items()
    }


def over_http(web: Web, pages: dict[str, str]) -> dict[str, Measured]:
    """The same pages through gunicorn, on one connection that is kept."""
    kept = web.connection()

    def read(path: str) -> bytes:
        return web.get(kept, path).read()

    return {name: _spoken(timed(partial(read, path), times=TIMES)) for name, path in pages.items()}


def beside_admin(reader: Reader, pages: dict[str, str], tasks: int) -> dict[str, dict[str, Measured]]:
    """Our page and Django's change list over the same table (in its own order, which is its fastest), in turns."""
    theirs = {
        "first page": "",
        "filtered page": urlencode(
            {"approved_by__exact": COMMON["approvedBy"], "revision_process__exact": COMMON["revisionProcess"]}
        ),
        "last page": urlencode({"p": -(-tasks // 50)}),
    }
    return {name: _in_turns(reader, pages[name], f"{ADMIN}?{query}") for name, query in theirs.items()}


def _in_turns(reader: Reader, ours: str, theirs: str) -> dict[str, Measured]:
    samples: dict[str, list[float]] = {ours: [], theirs: []}
    for path in (ours, theirs):
        reader.get(path)
    for _ in range(TIMES_ADMIN):
        for path, taken in samples.items():
            taken.extend(timed(partial(reader.get, path), times=1, warm=0).samples)
    spoken = {path: _spoken(Timing(tuple(sorted(taken)))) for path, taken in samples.items()}
    return {"ours": spoken[ours], "admin": spoken[theirs]}


def _spoken(timing: Timing) -> Measured:
    return {"p50": timing.p50, "p95": timing.p95}


def main(small_database: str) -> None:
    if settings.DEBUG:
        raise SystemExit("DEBUG is on: nothing would be measured as it runs.")
    reader = Reader(connection.settings_dict["NAME"])
    tasks, pages = Task.objects.count(), addresses(reader)
    found: dict[str, Any] = {
        "tasks": tasks,
        "pages": {name: reader.measure(path) for name, path in pages.items()},
        "bare": {name: bare_sql(reader, path) for name, path in pages.items()},
        "walk on": walk(reader, "next", pages["first page"]),
        "walk back": walk(reader, "prev", pages["last page"]),
        "orders": every_order(reader),
        "beside admin": beside_admin(reader, pages, tasks),
        "growth": growth(reader, Reader(small_database), addresses),
    }
    with web_server(reader.cookie) as web:
        found["http"] = over_http(web, pages)
    print(json.dumps(found))


def addresses(reader: Reader) -> dict[str, str]:
    """The pages that are measured, by name."""
    moment = f"{timezone.now() - HALF_A_YEAR:%Y-%m-%d}"
    return {
        "first page": "/tasks/",
        "filtered page": f"/tasks/?{urlencode(COMMON)}",
        "page of a rare filter": f"/tasks/?{urlencode({**RARE, 'orderBy': 'name', 'order': 'asc'})}",
        "last page": "/tasks/?before=end",
        "page before the last": reader.link("/tasks/?before=end", "prev"),
        "as of half a year ago": f"/tasks/?{urlencode({'asOf': moment})}",
    }


if __name__ == "__main__":
    main(sys.argv[1])
