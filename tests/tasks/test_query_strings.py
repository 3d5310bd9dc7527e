"""No query string breaks the list: 10,000 of them, the same ones in each run."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from telareview.tasks.filter_form import Facets
from telareview.tasks.listing import ask, make_listing
from telareview.tasks.querysets import TaskQuerySet
from tests.accounts.cast import make_person
from tests.tasks.query_strings import query_strings
from tests.tasks.records import approved, mirrored, task_json

pytestmark = pytest.mark.django_db

SEED = 20261123
#: Together ten thousand.
PARTS, STRINGS_A_PART = 4, 2500


@pytest.fixture
def some_tasks(acme):
    mirrored(acme, *(approved(number, "cliente") for number in range(1, 7)), *(task_json(n) for n in range(7, 12)))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_query_string_breaks_the_reading_or_the_statement(acme, some_tasks, part, monkeypatch):
    person, facets = make_person("viewer", acme), Facets.of(acme)
    # What the filter bar offers does not hang on the query, and costs more than all the rest here.
    monkeypatch.setattr(Facets, "of", lambda workspace: facets)
    monkeypatch.setattr(TaskQuerySet, "distinct_values", lambda *_: list(facets.statuses))
    print(f"seed {SEED + part}")

    for number, raw in enumerate(query_strings(SEED + part, STRINGS_A_PART)):
        request = SimpleNamespace(GET=QueryDict(raw), workspace=acme, user=person)
        try:
            asked, notices = ask(request)
            listing = make_listing(request, asked, notices)
        except Exception as error:
            error.add_note(f"seed {SEED + part}, number {number}: {raw!r}")
            raise
        assert all(notices), f"a problem without words: {raw!r}"
        assert listing.rows or listing.empty, raw


@pytest.mark.parametrize("address", ["/tasks/", "/tasks/count/"])
def test_no_query_string_breaks_a_page(viewer, some_tasks, address):
    print(f"seed {SEED}")

    for raw in query_strings(SEED - 1, 150):
        response = viewer.get(address, QUERY_STRING=raw)
        assert response.status_code < 500, raw


def test_no_query_string_breaks_the_file(auditor, some_tasks):
    print(f"seed {SEED}")

    answers = set()
    for raw in query_strings(SEED - 2, 200):
        response = auditor.get("/tasks.csv", QUERY_STRING=raw)
        response.getvalue()
        assert response.status_code < 500, raw
        answers.add(response.status_code)

    assert answers == {200, 400}


def test_a_query_string_never_costs_more_statements(viewer, some_tasks):
    viewer.get("/tasks/")

    for raw in query_strings(SEED - 3, 60):
        with CaptureQueriesContext(connection) as caught:
            viewer.get("/tasks/", QUERY_STRING=raw)
        assert len(caught) <= 12, f"{len(caught)} statements: {raw}"
