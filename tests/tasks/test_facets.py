"""What the filter bar offers: the values that occur, and nothing of other workspaces."""

from uuid import UUID

import pytest

from telareview.tasks import querysets
from telareview.tasks.filter_form import Facets
from telareview.tasks.models import Task
from tests.tasks.records import INVOICES, approved, mirrored, task_json

CONTRACTS = UUID("b7d3a9f0-5e12-4c86-a4d9-0f1e2d3c4b5a")


@pytest.fixture
def some_tasks(acme, elsewhere):
    mirrored(
        acme,
        task_json(1, status="paused"),
        task_json(2, promptApplicationId=None),
        approved(3, by="rui.melo@acme.example"),
        approved(4, by="ana.souza@acme.example", promptApplicationId=str(CONTRACTS)),
        approved(5, by="ana.souza@acme.example"),
    )
    mirrored(elsewhere, approved(6, by="stranger@elsewhere.example", status="archived"))


def test_facets_are_the_distinct_values_in_order_without_empty_ones(acme, some_tasks):
    facets = Facets.of(acme)

    assert facets.statuses == ("completed", "paused", "validating")
    assert facets.approvers == ("ana.souza@acme.example", "rui.melo@acme.example")
    assert facets.apps == (INVOICES, CONTRACTS)


def test_a_workspace_without_tasks_has_no_facets(acme):
    facets = Facets.of(acme)

    assert (facets.statuses, facets.approvers, facets.apps) == ((), (), ())


def test_facets_cost_two_statements_however_many_values_there_are(acme, some_tasks, django_assert_num_queries):
    mirrored(acme, *(approved(number, by=f"reviewer{number}@acme.example") for number in range(10, 40)))

    with django_assert_num_queries(2):
        facets = Facets.of(acme)

    assert len(facets.approvers) == 32


def test_each_column_offers_no_more_values_than_fit_a_drop_down(acme, some_tasks, monkeypatch):
    monkeypatch.setattr(querysets, "MAX_FACET_VALUES", 1)

    found = Task.objects.all().distinct_values_of(["status", "approved_by"], acme)

    assert found == [["completed"], ["ana.souza@acme.example"]]


def test_a_status_that_only_the_mirror_knows_can_be_asked_for(viewer, some_tasks):
    page = viewer.get("/tasks/?status=paused").content.decode()

    assert "INV-00001.pdf" in page
    assert "INV-00002.pdf" not in page


def test_a_status_of_another_workspace_is_left_out_with_a_notice(viewer, some_tasks):
    page = viewer.get("/tasks/?status=archived").content.decode()

    assert "archived" in page
    assert "INV-00002.pdf" in page
