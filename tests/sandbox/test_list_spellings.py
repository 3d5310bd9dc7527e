"""Arrays and dates in every spelling clients use, and values that are refused."""

import pytest


def statuses(api, query):
    response = api.get(f"/task?limit=100&excludeInputOutputColumns=true&{query}")
    assert response.status_code == 200, response.text
    return sorted(row["status"] for row in response.json())


@pytest.mark.parametrize(
    "query",
    [
        "status=%5B%22running%22%2C%22cancelled%22%5D",
        "status=running&status=cancelled",
        "status[]=running&status[]=cancelled",
        "status%5B%5D=running&status%5B%5D=cancelled",
        "status[0]=running&status[1]=cancelled",
        "status=running,cancelled",
        "status=%20running%20,cancelled",
    ],
)
def test_arrays_are_understood_however_they_are_written(api, query):
    found = statuses(api, query)

    assert set(found) == {"running", "cancelled"}
    assert found == statuses(api, 'status=["running","cancelled"]')


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ("2026-06-01", "2026-06-01T00:00:00.000Z"),
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00.000Z"),
        ("2026-06-01T12:00", "2026-06-01T12:00:00.000Z"),
        ("2026-06-01T09:00:00.000-03:00", "2026-06-01T12:00:00.000Z"),
        ("1780315200", "2026-06-01T12:00:00.000Z"),
        ("1780315200000", "2026-06-01T12:00:00.000Z"),
    ],
)
def test_dates_are_iso_or_epoch(api, spelling, same):
    found = api.all_tasks(createdAtSince=spelling)

    assert [task["id"] for task in found] == [task["id"] for task in api.all_tasks(createdAtSince=same)]
    assert 0 < len(found) < 600


def test_a_bound_finer_than_a_millisecond_is_not_rounded(fresh):
    task_id = fresh.sandbox.world.arrive(at="2026-11-20T14:00:00.500Z")

    assert fresh.tasks(ids=task_id, createdAtSince="2026-11-20T14:00:00.5000Z")
    assert not fresh.tasks(ids=task_id, createdAtSince="2026-11-20T14:00:00.500001Z")
    assert fresh.tasks(ids=task_id, createdAtUntil="2026-11-20T14:00:00.500999Z")


@pytest.mark.parametrize(
    "query",
    [
        "status=approved",
        "status=",
        'status=["completed"',
        "status=[1]",
        "revisionProcess=revised",
        "orderBy=title",
        "order=up",
        "limit=0",
        "limit=101",
        "limit=ten",
        "limit=-1",
        "limit=1e1",
        "limit=",
        "limit=²",
        "offset=-1",
        "offset=1.5",
        "createdAtSince=yesterday",
        "updatedAtUntil=2026-13-01",
        "approvedAtSince=2026-11-20T00:00:00 03:00",
        "since=",
        "createdAtSince=99999-01-01",
        "promptApplicationId=7",
        "promptVersionId=none",
        "completionRunId=crsv-1",
        "agentId=x",
        "ids=1,2",
        "promptApplicationId=95cec438-6080-44fe-8275-28b16bd40178&agentId=5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d",
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(api, query):
    response = api.get(f"/task?{query}")

    assert response.status_code == 400
    assert {"code", "message", "status", "name"} <= response.json().keys()
    assert (response.json()["status"], response.json()["name"]) == (400, "Error")


def test_unknown_parameters_are_ignored(api):
    assert api.tasks(colour="blue", objectLinks="true", **{"a[b]": "c"}) == api.tasks()
