"""Pages whose rows are rare among those of their order: the same rows, found by another way."""

import datetime as dt
import random
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from telareview.tasks.filters import ORDER_COLUMNS, Reader
from telareview.tasks.gathering import Gathering
from telareview.tasks.known import matching_tasks
from telareview.tasks.paging import read_page
from telareview.tasks.parameters import parse
from telareview.tasks.querysets import KnownCardQuerySet
from tests.tasks.records import NOON, approved, mirrored, stamp, task_json

pytestmark = pytest.mark.django_db

TASKS = 40
UTC = ZoneInfo("UTC")
HOURS = [NOON + dt.timedelta(days=1, hours=hour) for hour in range(4)]


@pytest.fixture
def few_are_near(monkeypatch):
    for each in (Gathering, KnownCardQuerySet):
        monkeypatch.setattr(each, "near_rows", 5)


@pytest.fixture
def varied(acme):
    """Tasks of which every third is tagged, some are approved with an edit, and some have no name or number."""
    chance = random.Random(7)
    first, later = [], []
    for number in range(1, TASKS + 1):
        moment = stamp(NOON + dt.timedelta(minutes=chance.randrange(9)))
        words = {"tags": ["rare"] if number % 3 == 0 else [], "updatedAt": moment}
        words |= {"name": f"INV {number % 4}"} if number % 5 == 0 else {}
        words |= {"reference": None} if number % 7 == 0 else {}
        first.append(task_json(number, **words))
        if number % 4 == 0:
            later.append(approved(number, "total.valor", **{**words, "updatedAt": stamp(HOURS[0])}))
    mirrored(acme, *first, at=HOURS[0])
    mirrored(acme, *later, at=HOURS[1])
    return acme


def listed(workspace, step="following", **query) -> list[UUID]:
    """Ids on every page, one after the other; `previous`: from the last one back."""
    task_filter, problems = parse(QueryDict(urlencode({"limit": 3, **query})), Reader(UTC))
    assert not problems
    found: list[UUID] = []
    asked = task_filter
    while asked is not None:
        page = read_page(matching_tasks(workspace, asked, UTC), asked)
        ids = [task.task_id for task in page.rows]
        fresh = [task_id for task_id in ids if task_id not in found]
        found = found + ids if step == "following" else fresh + found
        asked = getattr(page, step)
    return found


@pytest.mark.parametrize("as_of", [{}, {"asOf": stamp(HOURS[0])}], ids=["now", "then"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("order_by", ORDER_COLUMNS)
def test_every_page_is_the_same_however_far_it_looks(varied, monkeypatch, order_by, order, as_of):
    query = {"tags": "rare", "q": "INV", "orderBy": order_by, "order": order, **as_of}
    usual = listed(varied, **query)

    for each in (Gathering, KnownCardQuerySet):
        monkeypatch.setattr(each, "near_rows", 5)

    assert listed(varied, **query) == usual
    assert len(set(usual)) == len(usual)


@pytest.mark.parametrize("order_by", ORDER_COLUMNS)
def test_pages_back_from_the_end_are_the_same(varied, few_are_near, order_by):
    forth = listed(varied, tags="rare", orderBy=order_by)

    assert listed(varied, "previous", tags="rare", orderBy=order_by, before="end") == forth


@pytest.mark.parametrize(
    "query", [{"editedField": "total.valor"}, {"editedField": "nowhere"}, {"kind": ["approved", "gone"]}, {}]
)
def test_the_feed_is_the_same_however_far_it_looks(varied, viewer, monkeypatch, query):
    def told():
        listing = viewer.get("/history/", {"limit": 3, **query}).context["listing"]
        found = [entry.version.pk for entry in listing.entries]
        while listing.older_address:
            listing = viewer.get(listing.older_address).context["listing"]
            found += [entry.version.pk for entry in listing.entries]
        return found

    usual = told()
    for each in (Gathering, KnownCardQuerySet):
        monkeypatch.setattr(each, "near_rows", 5)

    assert told() == usual


@pytest.mark.parametrize("address", ["/tasks/?tags=nowhere", "/history/?editedField=nowhere"])
def test_what_is_rare_is_not_looked_for_along_the_order(varied, viewer, few_are_near, address):
    with CaptureQueriesContext(connection) as caught:
        viewer.get(address)

    [edge] = [number for number, each in enumerate(caught) if "OFFSET 5" in each["sql"]]
    near, gathered = (each["sql"] for each in caught.captured_queries[edge + 1 : edge + 3])
    # Between the place and the edge: no more than so many rows are passed over.
    assert ">=" in near
    assert "LIMIT 51" in near
    assert "MATERIALIZED" in gathered


def test_a_list_with_an_index_of_its_own_is_read_at_once(varied, viewer, few_are_near):
    for address in ("/tasks/", "/tasks/?status=validating", "/tasks/?updatedAtSince=2026-01-01", "/history/?kind=gone"):
        with CaptureQueriesContext(connection) as caught:
            viewer.get(address)

        assert not any("OFFSET 5" in each["sql"] or "MATERIALIZED" in each["sql"] for each in caught)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_what_is_asked_of_a_list_further_holds_for_what_is_gathered(varied, few_are_near, order):
    """As the queue does, which takes from a list those that wait for review."""
    query = QueryDict(urlencode({"tags": "rare", "q": "INV", "limit": 3, "order": order}))
    task_filter, _problems = parse(query, Reader(UTC))
    matching = matching_tasks(varied, task_filter, UTC)
    asked = {"task_id__in": [task.task_id for task in matching.in_order(task_filter).reverse()[:2]]}
    expected = [task.task_id for task in matching.filter(**asked).in_order(task_filter)]

    found = [task.task_id for task in read_page(matching.filter(**asked), task_filter).rows]
    left = [task.task_id for task in read_page(matching.exclude(**asked), task_filter).rows]

    assert found == expected
    assert len(found) == 2
    assert left == [task.task_id for task in matching.exclude(**asked).in_order(task_filter)[:3]]
