"""Pages join to the whole list, whatever is tied, empty, added or removed, forwards and backwards."""

import base64
import datetime as dt
import itertools
import json
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telareview.tasks.filters import ORDER_COLUMNS, TaskFilter
from telareview.tasks.models import Task
from telareview.tasks.paging import END, BrokenCursor, Cursor, neighbours, read_page
from tests.tasks.cards import BEGINNING, card, moment

pytestmark = pytest.mark.django_db

UTC = ZoneInfo("UTC")
#: More pages than any list here has: a walk that does not end is a fault, not a wait.
MOST_PAGES = 200

texts = st.sampled_from([None, "", "a", "a ", "A", "b", "ß", "b" * 300, "b" * 299 + "c"])
facts = st.fixed_dictionaries(
    {
        "name": texts,
        "reference": st.sampled_from([None, -1, 0, 1, 2**62]),
        "status": st.sampled_from(["validating", "completed", "failed"]),
        "approved_by": texts,
        "created_by": texts,
        "approved_at": st.sampled_from([None, 0, 1, 2]).map(moment),
        "created_at": st.sampled_from([0, 1]).map(moment),
        "updated_at": st.sampled_from([0, 1, 2]).map(moment),
    }
)
orders = st.tuples(st.sampled_from(sorted(ORDER_COLUMNS)), st.sampled_from(["asc", "desc"]))
lists = st.builds(
    lambda order, limit, status: TaskFilter(order_by=order[0], order=order[1], limit=limit, status=status),
    orders,
    st.integers(1, 6),
    st.sampled_from([(), (), ("completed",), ("completed", "failed")]),
)
many = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def filled(workspace, rows):
    Task.objects.all().delete()
    Task.objects.bulk_create([card(workspace, **row) for row in rows])


def matching(workspace, asked):
    return Task.objects.of(workspace).matching(asked, UTC)


def whole_list(workspace, asked):
    """The ids in order by one plain statement: what an export writes."""
    return list(matching(workspace, asked).in_order(asked).values_list("task_id", flat=True))


def ids(page):
    return [task.task_id for task in page.rows]


def forward(workspace, asked):
    """Every page from the one asked for, by `following`."""
    for _ in range(MOST_PAGES):
        page = read_page(matching(workspace, asked), asked)
        yield page
        if page.following is None:
            return
        asked = page.following
    pytest.fail("the walk does not end")


def backward(workspace, asked):
    """Every page from the one asked for, by `previous`."""
    for _ in range(MOST_PAGES):
        page = read_page(matching(workspace, asked), asked)
        yield page
        if page.previous is None:
            return
        asked = page.previous
    pytest.fail("the walk does not end")


@pytest.mark.parametrize(("order_by", "order"), itertools.product(ORDER_COLUMNS, ["asc", "desc"]))
def test_the_plain_order_is_total_with_empty_cells_last(acme, order_by, order):
    filled(
        acme,
        [
            {
                "name": name,
                "reference": number,
                "approved_by": name,
                "created_by": name,
                "approved_at": moment(number),
                "status": f"s{name}",
            }
            for name, number in [("b", 2), (None, None), ("a", 1), ("b", 2), (None, None), ("a", None), (None, 1)]
        ],
    )
    asked = TaskFilter(order_by=order_by, order=order)

    rows = [(getattr(task, asked.order_column), task.task_id) for task in matching(acme, asked).in_order(asked)]

    held = [row for row in rows if row[0] is not None]
    empty = [row for row in rows if row[0] is None]
    assert rows == held + empty
    assert held == sorted(held, reverse=order == "desc")
    assert empty == sorted(empty, reverse=order == "desc", key=lambda row: row[1])


@pytest.mark.parametrize(("order_by", "order"), itertools.product(ORDER_COLUMNS, ["asc", "desc"]))
@given(rows=st.lists(facts, max_size=14), limit=st.integers(1, 5), data=st.data())
@settings(many, max_examples=12)
def test_pages_walked_forward_are_the_list(acme, order_by, order, rows, limit, data):
    status = data.draw(st.sampled_from([(), ("completed", "failed")]))
    asked = TaskFilter(order_by=order_by, order=order, limit=limit, status=status)
    filled(acme, rows)
    expected = whole_list(acme, asked)

    pages = list(forward(acme, asked))

    assert [each for page in pages for each in ids(page)] == expected
    assert all(len(page.rows) == limit for page in pages[:-1])
    assert pages[0].previous is pages[0].start is None
    assert [page.first_number for page in pages] == [1 + limit * place for place in range(len(pages))]
    assert pages[-1].last_number == pages[-1].total == len(expected)
    assert all(page.total is None for page in pages[:-1])
    assert pages[-1].end is None


@pytest.mark.parametrize(("order_by", "order"), itertools.product(ORDER_COLUMNS, ["asc", "desc"]))
@given(rows=st.lists(facts, max_size=14), limit=st.integers(1, 5))
@settings(many, max_examples=12)
def test_pages_walked_backward_from_the_end_are_the_list(acme, order_by, order, rows, limit):
    asked = TaskFilter(order_by=order_by, order=order, limit=limit)
    filled(acme, rows)
    expected = whole_list(acme, asked)

    *later, first = (ids(page) for page in backward(acme, asked.replace(before=END)))

    rest = [each for page in reversed(later) for each in page]
    assert first == expected[:limit]
    # The first page is always full, so it may show rows that the second one showed already.
    assert expected[len(expected) - len(rest) :] == rest
    assert len(expected) - len(rest) <= limit
    assert all(len(page) == limit for page in later)


@given(rows=st.lists(facts, min_size=2, max_size=20), asked=lists)
@settings(many, max_examples=80)
def test_going_back_shows_the_same_pages_under_the_same_numbers(acme, rows, asked):
    filled(acme, rows)
    pages = list(forward(acme, asked))

    back = list(itertools.islice(backward(acme, pages[-2].following), len(pages))) if len(pages) > 1 else pages

    assert [(ids(page), page.first_number) for page in reversed(back)] == [
        (ids(page), page.first_number) for page in pages
    ]


@given(rows=st.lists(facts, max_size=14), asked=lists, number=st.integers(1, 9))
@settings(many, max_examples=60)
def test_a_page_typed_by_its_number_is_the_page_walked_to(acme, rows, asked, number):
    filled(acme, rows)
    walked = dict(enumerate(forward(acme, asked), start=1))

    typed = read_page(matching(acme, asked), asked.replace(page=number))

    assert ids(typed) == (ids(walked[number]) if number in walked else [])
    assert typed.first_number == 1 + (number - 1) * asked.limit
    if number in walked:
        assert (typed.following is None) == (walked[number].following is None)


@given(
    rows=st.lists(facts, min_size=4, max_size=14),
    asked=lists,
    strokes=st.lists(st.tuples(st.booleans(), st.integers(0, 30), facts), max_size=12),
)
@settings(many, max_examples=80)
def test_rows_added_or_removed_between_pages_never_skip_or_double_another(acme, rows, asked, strokes):
    filled(acme, rows)
    at_first, touched, seen = whole_list(acme, asked), set(), []
    turns = iter(strokes)

    for page in forward(acme, asked):
        seen += ids(page)
        for add, place, fresh in itertools.islice(turns, 2):
            if add:
                new = card(acme, **fresh)
                new.save()
                touched.add(new.task_id)
            elif at_first:
                victim = at_first[place % len(at_first)]
                Task.objects.filter(task_id=victim).delete()
                touched.add(victim)

    assert len(seen) == len(set(seen))
    assert [each for each in seen if each not in touched] == [each for each in at_first if each not in touched]


@given(
    rows=st.lists(facts, min_size=4, max_size=14),
    asked=lists,
    strokes=st.lists(st.tuples(st.integers(0, 30), st.sampled_from([3, 4, 5])), max_size=8),
)
@settings(many, max_examples=40)
def test_a_task_that_moves_between_pages_takes_no_other_along(acme, rows, asked, strokes):
    asked = asked.replace(order_by="updatedAt")
    filled(acme, rows)
    at_first, moved, seen = whole_list(acme, asked), set(), []
    turns = iter(strokes)

    for page in forward(acme, asked):
        seen += ids(page)
        for place, minutes in itertools.islice(turns, 1):
            if at_first:
                task_id = at_first[place % len(at_first)]
                Task.objects.filter(task_id=task_id).update(updated_at=moment(minutes))
                moved.add(task_id)

    assert [each for each in seen if each not in moved] == [each for each in at_first if each not in moved]


@given(rows=st.lists(facts, min_size=1, max_size=14), asked=lists)
@settings(many, max_examples=40)
def test_the_neighbours_of_a_task_are_those_beside_it_in_the_list(acme, rows, asked):
    filled(acme, rows)
    tasks = list(matching(acme, asked).in_order(asked))

    around = [neighbours(matching(acme, asked), asked, task) for task in tasks]

    assert [before for before, _after in around] == [None, *tasks][: len(tasks)]
    assert [after for _before, after in around] == [*tasks, None][1:]


def test_a_page_costs_two_statements_at_most_and_one_that_begins_anew_three(acme, django_assert_max_num_queries):
    filled(acme, [{"approved_at": moment(number % 3 or None)} for number in range(40)])
    asked = TaskFilter(order_by="approvedAt", limit=7)
    place = read_page(matching(acme, asked), asked).following

    for place_asked, most in [(asked, 2), (place, 2), (asked.replace(before=END), 2), (asked.replace(page=4), 2)]:
        with django_assert_max_num_queries(most):
            read_page(matching(acme, place_asked), place_asked)
    back_to_start = place.replace(after="", before=place.after)
    with django_assert_max_num_queries(3):
        assert read_page(matching(acme, back_to_start), back_to_start).first_number == 1


def spoken(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


BROKEN = {
    "no base64": "é€",
    "no JSON": "nonsense",
    "no list": spoken()[:3],
    "a number": base64.urlsafe_b64encode(b"7").decode(),
    "too short": spoken("updatedAt", None),
    "another order": spoken("name", "a", uuid4().hex),
    "no moment": spoken("updatedAt", "yesterday", uuid4().hex),
    "a moment without zone": spoken("updatedAt", "2026-03-01T12:00:00", uuid4().hex),
    "an empty key where none can be": spoken("updatedAt", None, uuid4().hex),
    "no id": spoken("updatedAt", BEGINNING.isoformat(), "me"),
    "a number as id": spoken("updatedAt", BEGINNING.isoformat(), 7),
    "nested without end": base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    "digits without end": base64.urlsafe_b64encode(b"9" * 5_000).decode(),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("side", ["after", "before"])
def test_a_place_that_cannot_be_read_is_refused(acme, text, side):
    with pytest.raises(BrokenCursor):
        read_page(matching(acme, TaskFilter()), TaskFilter().replace(**{side: text}))


@pytest.mark.parametrize(
    ("order_by", "key"),
    [
        ("reference", True),
        ("reference", 2**63),
        ("reference", 1.5),
        ("name", 7),
        ("name", "a\0b"),
        ("name", "\ud800"),
        ("approvedBy", ["a"]),
        ("status", None),
        ("id", "me"),
        ("createdAt", 5),
    ],
)
def test_a_key_of_the_wrong_kind_is_refused(order_by, key):
    with pytest.raises(BrokenCursor):
        Cursor.read(spoken(order_by, key, uuid4().hex), TaskFilter(order_by=order_by))


@given(
    text=st.one_of(
        st.text(max_size=60),
        st.binary(max_size=60).map(lambda octets: base64.urlsafe_b64encode(octets).decode()),
        st.tuples(
            st.sampled_from(sorted(ORDER_COLUMNS)),
            st.none() | st.text(max_size=9) | st.integers() | st.floats() | st.booleans() | st.datetimes().map(str),
            st.uuids().map(lambda uuid: uuid.hex) | st.text(max_size=5),
        ).map(lambda parts: spoken(*parts)),
    ),
    order=orders,
)
@settings(many, max_examples=250)
def test_no_text_as_a_place_breaks_the_list(acme, text, order):
    asked = TaskFilter(order_by=order[0], order=order[1], after=text, limit=3)
    try:
        page = read_page(matching(acme, asked), asked)
    except BrokenCursor:
        return
    assert page.rows == []


@given(
    order=orders,
    row=st.fixed_dictionaries(
        {
            "name": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
            "reference": st.integers(-(2**63) + 1, 2**63 - 1),
            "approved_by": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
            "updated_at": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2999, 1, 1), timezones=st.just(dt.UTC)),
        }
    ),
)
@settings(many, max_examples=80)
def test_a_place_is_read_back_to_the_letter(acme, order, row):
    asked = TaskFilter(order_by=order[0], order=order[1])
    filled(acme, [row])
    (task,) = matching(acme, asked)

    place = Cursor.at(task, asked)

    assert Cursor.read(str(place), asked) == place
