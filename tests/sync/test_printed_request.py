"""The example request that Tela's guide prints: 50 completed tasks of one app since 1 November 2024, sorted by name.

It is asked of the API as it stands there, and the same parameters are an address of ours that shows the same tasks.
"""

import datetime as dt
from urllib.parse import urlencode
from uuid import UUID

import pytest
import requests

from telareview.sandbox import SandboxServer
from telareview.sandbox.apps import INVOICES
from telareview.sync.pull import pull_tasks
from telareview.tela import TaskRecord
from tests.accounts.cast import make_person, signed_in
from tests.sync.tela import NOW, client_of, connect
from tests.tasks.markup import read

pytestmark = pytest.mark.django_db

#: As printed: `url.searchParams.append(…)` one by one, the list of statuses as JSON.
PRINTED = [
    ("limit", "50"),
    ("promptApplicationId", INVOICES.id),
    ("status", '["completed"]'),
    ("since", "2024-11-01T00:00:00Z"),
    ("orderBy", "name"),
    ("order", "asc"),
]
SINCE = dt.datetime(2024, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def tela():
    with SandboxServer(tasks=400, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def answered(tela):
    """The tasks that the API answers the printed request with."""
    headers = {"Authorization": f"Bearer {tela.key}", "Content-Type": "application/json"}
    answer = requests.get(f"{tela.url}/task", params=PRINTED, headers=headers, timeout=10)
    assert answer.status_code == 200
    return [TaskRecord.from_json(row) for row in answer.json()]


def test_the_api_answers_it_with_an_array_of_such_tasks_by_name(answered):
    assert len(answered) == 50
    assert {(task.status, task.prompt_application_id) for task in answered} == {("completed", UUID(INVOICES.id))}
    assert all(task.approved_at and task.approved_at >= SINCE for task in answered)
    assert [task.name for task in answered] == sorted(task.name or "" for task in answered)


def shown(response):
    return [row["id"].removeprefix("t-") for row in read(response.content).one(id="rows").all("tr")]


@pytest.mark.parametrize("page", ["/tasks/", "/tasks/live/"])
def test_the_same_parameters_are_an_address_that_shows_the_same_tasks(acme, tela, answered, page):
    with client_of(tela) as client:
        pull_tasks(connect(acme, tela), client, connections=1)

    response = signed_in(make_person("viewer", acme)).get(f"{page}?{urlencode(PRINTED)}")

    assert response.status_code == 200
    assert shown(response) == [str(task.id) for task in answered]


def test_the_live_check_asks_the_same_in_words_that_are_not_deprecated(acme, tela):
    with client_of(tela) as client:
        pull_tasks(connect(acme, tela), client, connections=1)
    tela.requests.clear()

    signed_in(make_person("viewer", acme)).get(f"/tasks/live/?{urlencode(PRINTED)}")

    (asked,) = [dict(request.query) for request in tela.requests if request.path == "/task"]
    wanted = dict(PRINTED) | {"approvedAtSince": "2024-11-01T00:00:00.000Z"}
    del wanted["since"]
    told = {name: value[0] if isinstance(value, list) else value for name, value in asked.items()}
    assert {name: told[name] for name in wanted} == wanted
    assert "since" not in told
