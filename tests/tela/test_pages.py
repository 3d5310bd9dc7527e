import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from telareview.tela import TaskQuery, UnreadableReply
from telareview.tela.pages import read_page, read_versions
from telareview.tela.transport import Reply
from tests.tela.rows import TASK_ID, numbered_row, task_row

LATER, LATEST = "2025-02-01T00:00:00.000Z", "2025-03-01T00:00:00.000Z"


def page_of(answer, query=None, server_time=None):
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return read_page(Reply(200, body, server_time, None), query or TaskQuery())


def numbers(page):
    return [task.reference for task in page.tasks]


ROWS = [numbered_row(1), numbered_row(2)]


@pytest.mark.parametrize(
    ("answer", "total"),
    [
        (ROWS, None),
        ({"data": ROWS}, None),
        ({"data": ROWS, "meta": {"totalCount": 7, "totalPages": 1, "currentPage": 1}}, 7),
        ({"data": ROWS, "metadata": {"total": 7}}, 7),
        ({"tasks": ROWS, "pagination": {"totalItems": 7}}, 7),
        ({"items": ROWS, "total": 7}, 7),
        ({"results": ROWS, "count": 7}, 7),
        ({"results": ROWS, "count": "7"}, 7),
        ({"data": {"not": "a list"}, "tasks": ROWS, "metadata": None, "total": 7}, 7),
        ({"data": ROWS, "meta": {"totalPages": 4, "currentPage": 1}}, None),
        ({"data": ROWS, "count": 2}, 2),
        ({"data": ROWS, "count": 1}, None),
        ({"data": ROWS, "count": 1, "totalItems": 7}, 7),
        ({"data": ROWS, "total": True}, None),
        ({"data": ROWS, "total": -5}, None),
        ({"data": ROWS, "total": "many"}, None),
        ({"data": ROWS, "total": 7.5}, None),
    ],
)
def test_every_documented_envelope_gives_the_rows_and_the_total_it_tells(answer, total):
    page = page_of(answer)

    assert (numbers(page), page.total, page.row_count) == ([1, 2], total, 2)


def test_a_total_smaller_than_what_was_already_paged_past_is_no_total():
    answer = {"data": ROWS, "count": 2}

    assert page_of(answer, TaskQuery(offset=100)).total is None
    assert page_of({"data": [], "total": 50}, TaskQuery(offset=100)).total == 50


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"rows": ROWS}, {"error": "no"}, "tasks", 7, None, True])
def test_an_answer_without_a_list_is_unreadable(answer):
    with pytest.raises(UnreadableReply, match="list"):
        page_of(answer)


def test_an_empty_page_is_a_page():
    page = page_of([])

    assert (page.tasks, page.rejected, page.row_count) == ((), (), 0)


def test_rows_that_cannot_be_read_are_set_aside_and_the_others_stay():
    page = page_of([numbered_row(1), {"name": "no id"}, task_row(status=3), "text", numbered_row(2)])

    assert numbers(page) == [1, 2]
    assert page.row_count == 5
    assert [(row.index, row.reason, row.task_id) for row in page.rejected] == [
        (1, "status is missing.", None),
        (2, "status is a number, not text.", TASK_ID),
        (3, "The row is text, not an object.", None),
    ]
    assert page.rejected[0].raw_json == '{"name":"no id"}'


def test_a_row_nested_too_deeply_to_store_is_set_aside_with_a_note_in_its_place():
    deep = json.dumps(task_row()).replace('"Acme Corp"', "[" * 600 + "]" * 600, 1)

    page = page_of(f"[{deep}]".encode())

    assert page.tasks == ()
    assert page.rejected[0].task_id == TASK_ID
    assert page.rejected[0].raw_json == '{"rejected":"The row is nested deeper than 500 levels."}'


def test_of_rows_with_one_id_the_newest_is_kept_and_the_first_among_equals():
    page = page_of(
        [
            task_row(name="old"),
            numbered_row(1),
            task_row(name="newest", updatedAt=LATEST),
            task_row(name="as new", updatedAt=LATEST),
            task_row(name="middle", updatedAt=LATER),
        ]
    )

    assert [task.name for task in page.tasks] == ["Invoice-2025-001.pdf", "newest"]
    assert page.row_count == 5


def test_more_rows_than_asked_for_are_kept_and_counted():
    page = page_of([numbered_row(number) for number in range(5)], TaskQuery(limit=2))

    assert (len(page.tasks), page.row_count) == (5, 5)


def test_the_order_of_a_page_can_be_checked():
    ascending = page_of([numbered_row(1), numbered_row(2), numbered_row(2, id=TASK_ID)])
    mixed = page_of([numbered_row(2), numbered_row(1), numbered_row(3)])

    assert ascending.is_sorted("createdAt")
    assert not ascending.is_sorted("createdAt", "desc")
    assert not mixed.is_sorted("updatedAt")
    assert not mixed.is_sorted("reference", "desc")


def test_rows_without_a_value_do_not_spoil_the_order():
    page = page_of([numbered_row(1, approvedAt=None), numbered_row(2), numbered_row(3, approvedAt=None)])

    assert page.is_sorted("approvedAt")
    assert page.is_sorted("approvedAt", "desc")


@pytest.mark.parametrize(("order_by", "order"), [("name", "asc"), ("price", "asc"), ("id", "up")])
def test_an_order_only_the_server_can_judge_is_not_judged(order_by, order):
    with pytest.raises(ValueError, match="can be checked"):
        page_of([]).is_sorted(order_by, order)


def test_the_servers_clock_is_handed_on():
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)

    assert page_of([], server_time=noon).server_time == noon


def versions_of(answer):
    return read_versions(Reply(200, json.dumps(answer).encode(), None, None), UUID(TASK_ID))


def test_versions_come_newest_first_whatever_their_order():
    history = versions_of([{"version": 1}, {"version": 3, "taskId": TASK_ID}, {"version": 2}])

    assert [version.version for version in history] == [3, 2, 1]


def test_a_history_with_an_unreadable_entry_is_no_history():
    with pytest.raises(UnreadableReply, match="version is missing"):
        versions_of([{"version": 1}, {}])
