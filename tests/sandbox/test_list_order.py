"""Order, paging, envelopes and what a row holds."""

import pytest

from telareview.sandbox.query import ORDERS

COLUMNS = {"rawInput", "inputContent", "outputContent", "originalOutputContent"}


def key_of(task, field):
    return task[field] is None, task[field] or "" if field != "reference" else task[field], task["id"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("field", ORDERS)
def test_every_order_is_total_and_null_counts_as_greatest(api, everything, field, order):
    expected = sorted(everything, key=lambda task: key_of(task, field), reverse=order == "desc")

    rows = []
    for offset in range(0, 700, 100):
        rows += api.tasks(orderBy=field, order=order, offset=offset, excludeInputOutputColumns="true")

    assert [row["id"] for row in rows] == [task["id"] for task in expected]


def test_without_parameters_the_ten_latest_changes_come_first(api, everything):
    latest = sorted(everything, key=lambda task: (task["updatedAt"], task["id"]), reverse=True)[:10]

    rows = api.get("/task").json()

    assert [row["id"] for row in rows] == [task["id"] for task in latest]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("filtered", [{}, {"status": "completed"}, {"createdAtSince": "2026-03-01"}])
def test_pages_of_any_size_make_up_the_whole(api, order, filtered):
    params = {"orderBy": "createdAt", "order": order, "excludeInputOutputColumns": "true", **filtered}
    whole = [row["id"] for offset in range(0, 700, 100) for row in api.tasks(offset=offset, **params)]

    pieces = [row["id"] for offset in range(0, 602, 7) for row in api.tasks(offset=offset, **(params | {"limit": 7}))]

    assert pieces == whole
    assert len(set(whole)) == len(whole) > 100


def test_beyond_the_end_there_is_an_empty_page(api):
    assert api.tasks(offset=600) == []
    assert api.tasks(offset=10**9) == []


def test_bulk_jobs_share_one_instant_to_the_millisecond(api, everything):
    created = [task["createdAt"] for task in everything]
    ties = {instant: created.count(instant) for instant in set(created) if created.count(instant) > 10}

    assert sorted(ties.values()) == [46, 46, 46]
    for instant, size in ties.items():
        tied = [task for task in everything if task["createdAt"] == instant]
        assert len({task["updatedAt"] for task in tied}) == 1
        assert len(api.tasks(createdAtSince=instant, createdAtUntil=instant)) == size


def test_rows_may_be_had_without_input_and_output(api):
    full, light = api.tasks(), api.tasks(excludeInputOutputColumns="true")

    assert all(row.keys() >= COLUMNS for row in full)
    assert light == [{key: row[key] for key in row if key not in COLUMNS} for row in full]


def test_the_envelope_counts_tasks_and_pages(api):
    headers = {"X-Sandbox-Envelope": "data"}

    third = api.get("/task?limit=25&offset=50", headers=headers).json()
    waiting = api.get("/task?limit=25&status=validating&orderBy=name", headers=headers).json()
    none = api.get("/task?ids=[]", headers=headers).json()

    assert third["metadata"] == {"totalCount": 600, "totalPages": 24, "currentPage": 3}
    assert [row["id"] for row in third["data"]] == [row["id"] for row in api.tasks(limit=25, offset=50)]
    assert waiting["metadata"]["totalCount"] == len(api.all_tasks(status="validating"))
    assert none == {"data": [], "metadata": {"totalCount": 0, "totalPages": 0, "currentPage": 1}}


def test_the_total_follows_the_filter_in_every_order(api, everything):
    expected = sum(t["status"] == "completed" and t["createdAt"] >= "2026-05" for t in everything)
    headers = {"X-Sandbox-Envelope": "data"}

    for field in ORDERS:
        query = f"/task?status=completed&createdAtSince=2026-05-01&orderBy={field}"
        assert api.get(query, headers=headers).json()["metadata"]["totalCount"] == expected


def test_a_change_moves_a_task_in_every_list(fresh):
    oldest = fresh.tasks(orderBy="updatedAt", order="asc")[0]["id"]

    fresh.sandbox.world.rename(oldest, "aaa")

    assert fresh.tasks()[0]["id"] == oldest
    assert fresh.tasks(orderBy="name", order="asc", taskName="aaa")[0]["id"] == oldest
    assert [task["id"] for task in fresh.tasks(orderBy="updatedAt", order="asc")][-1] == oldest
