"""How long pages of the past take: `python -m tests.bench.past_pages list|history`, which prints JSON.

`list` asks for the list as of random moments, in random orders, with random filters, at its beginning, on its second
page and at its end; `history` for pages of the feed of changes. DATABASE_URL names the mirror. A page is one whole
request of a signed-in member, twice: the second time, when its rows are warm, is what counts; the first is told beside.
"""

import json
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from django.db import connection  # noqa: E402 - needs the settings that setup() reads
from django.utils import timezone  # noqa: E402

from telareview.demo.seed_words import APPROVERS, APPS  # noqa: E402
from telareview.demo.seeding import SPAN  # noqa: E402
from telareview.tasks.filters import ORDER_COLUMNS  # noqa: E402
from telareview.tasks.models import Task, TaskVersion  # noqa: E402
from tests.bench.list_page import Reader  # noqa: E402
from tests.bench.timing import Timing, timed  # noqa: E402

PAGES = 300
SEED = 20
SLOWEST = 5
FILTERS: dict[str, dict[str, Any]] = {
    "no filter": {},
    "waiting for review": {"status": "validating"},
    "completed": {"status": "completed"},
    "a common approver's revisions": {"approvedBy": next(iter(APPROVERS)), "revisionProcess": "approvedWithRevisions"},
    "a rare approver": {"approvedBy": list(APPROVERS)[-1]},
    "an app": {"promptApplicationId": str(APPS[0].id)},
    "a search": {"q": "0042"},
    "an edited field": {"editedField": "total.valor"},
    "a tag that no task has": {"tags": "no-such-tag"},
    "gone": {"gone": "only"},
}
FEEDS: dict[str, dict[str, Any]] = {
    "no filter": {},
    "approvals": {"kind": "approved"},
    "gone": {"kind": "gone"},
    "what never happened": {"kind": "returned"},
    "a common approver": {"approvedBy": next(iter(APPROVERS))},
    "a rare approver": {"approvedBy": list(APPROVERS)[-1]},
    "an app": {"promptApplicationId": str(APPS[0].id)},
    "a person": {"person": next(iter(APPROVERS))},
    "a person who did nothing": {"person": "nobody@acme.example"},
    "an edited field": {"editedField": "total.valor"},
    "a field that nobody edited": {"editedField": "no.such.field"},
}


def lists(reader: Reader, chance: random.Random, now: datetime) -> Iterator[tuple[str, str]]:
    """Names of filters and addresses."""
    for _ in range(PAGES):
        name = chance.choice(list(FILTERS))
        moment = now - SPAN * chance.random()
        order = {"orderBy": chance.choice(list(ORDER_COLUMNS)), "order": chance.choice(["asc", "desc"])}
        address = f"/tasks/?{urlencode({**FILTERS[name], **order, 'asOf': f'{moment:%Y-%m-%dT%H:%M:%SZ}'})}"
        match chance.choice(["first", "second", "last"]):
            case "second":
                with suppress(LookupError):
                    address = reader.link(address, "next")
            case "last":
                address += "&before=end"
        yield name, address


def feeds(_reader: Reader, chance: random.Random, now: datetime) -> Iterator[tuple[str, str]]:
    for _ in range(PAGES):
        name = chance.choice(list(FEEDS))
        until = {"observedAtUntil": f"{now - SPAN * chance.random():%Y-%m-%d}"} if chance.random() < 0.3 else {}
        place = {"olderThan": f"{now - SPAN * chance.random():%Y-%m-%dT%H:%M:%S}Z~1"} if chance.random() < 0.5 else {}
        yield name, f"/history/?{urlencode({**FEEDS[name], **until, **place})}"


def main(what: str) -> None:
    reader = Reader(connection.settings_dict["NAME"])
    now = timezone.now().replace(microsecond=0) - timedelta(minutes=1)
    measured: list[dict[str, Any]] = []
    for name, address in {"list": lists, "history": feeds}[what](reader, random.Random(SEED), now):
        cold, warm = (timed(partial(reader.get, address), times=1, warm=0).p50 for _ in range(2))
        measured.append({"filter": name, "address": address, "cold": cold, "warm": warm})
    by_filter = {
        name: _spoken([each["warm"] for each in measured if each["filter"] == name])
        for name in dict.fromkeys(each["filter"] for each in measured)
    }
    found = {
        "tasks": Task.objects.count(),
        "versions": TaskVersion.objects.count(),
        "warm": _spoken([each["warm"] for each in measured]),
        "cold": _spoken([each["cold"] for each in measured]),
        "filters": by_filter,
        "slowest": sorted(measured, key=lambda each: -each["warm"])[:SLOWEST],
    }
    print(json.dumps(found))


def _spoken(samples: list[float]) -> dict[str, float]:
    timing = Timing(tuple(sorted(samples)))
    return {"p50": timing.p50, "p95": timing.p95, "most": timing.samples[-1]}


if __name__ == "__main__":
    main(sys.argv[1])
