"""The address is the query: a filter and its address say the same, whatever is in them."""

import datetime as dt
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from telareview.tasks.filters import ORDER_COLUMNS, REVISIONS, STATUSES, OutputCondition, Reader, Span, TaskFilter
from telareview.tasks.parameters import parse

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
READER = Reader(SAO_PAULO)

words = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters=["["]), min_size=1, max_size=30
).filter(lambda text: text == text.strip() and text.strip())
instants = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2990, 1, 1), timezones=st.just(dt.UTC))
moments = st.one_of(st.none(), st.dates(dt.date(1971, 1, 1), dt.date(2990, 1, 1)), instants)
spans = st.builds(Span, moments, moments)


def several(values):
    return st.lists(values, max_size=3, unique=True).map(tuple)


conditions = st.builds(
    OutputCondition,
    st.from_regex(r"[a-z]{1,6}(\.[a-z]{1,6}|\[[0-9]\]){0,2}", fullmatch=True),
    st.sampled_from(["", "gte", "lte", "contains"]),
    words,
)
filters = st.builds(
    TaskFilter,
    q=st.one_of(st.just(""), words),
    status=several(st.sampled_from(STATUSES)),
    approved_by=several(words),
    created_by=several(words),
    revision_process=several(st.sampled_from(REVISIONS)),
    approved_at=spans,
    created_at=spans,
    updated_at=spans,
    prompt_application_id=several(st.uuids()),
    prompt_version_id=several(st.uuids()),
    ids=several(st.uuids()),
    task_name=st.one_of(st.just(""), words),
    tags=several(words),
    edited_field=several(words),
    output=st.lists(conditions, max_size=3, unique=True).map(lambda each: tuple(sorted(each))),
    gone=st.sampled_from(["exclude", "include", "only"]),
    as_of=st.one_of(st.none(), instants),
    source=st.sampled_from(["", "live"]),
    order_by=st.sampled_from(sorted(ORDER_COLUMNS)),
    order=st.sampled_from(["asc", "desc"]),
    limit=st.integers(1, 100),
    page=st.integers(0, 1000),
).filter(lambda asked: not (asked.as_of and asked.output))


@given(filters)
def test_a_filter_comes_back_from_its_address_unchanged(asked):
    found, problems = parse(QueryDict(asked.as_query()), READER)

    assert problems == []
    assert found == asked


@given(filters)
def test_equal_filters_have_equal_addresses(asked):
    again, _problems = parse(QueryDict(asked.as_query()), READER)

    assert again.as_query() == asked.as_query()


@given(st.text(max_size=200))
def test_no_query_string_breaks_the_reading(text):
    found, _problems = parse(QueryDict(text), READER)

    assert parse(QueryDict(found.as_query()), READER) == (found, [])


@pytest.mark.parametrize(
    "query",
    [
        'status=["completed","failed"]',
        "status=completed&status=failed",
        "status=completed,failed",
        "status[]=completed&status[]=failed",
    ],
)
def test_statuses_are_read_in_every_spelling_of_the_api(query):
    found, problems = parse(QueryDict(query), READER)

    assert found.status == ("completed", "failed")
    assert problems == []


def test_since_and_until_mean_the_time_of_approval():
    found, _problems = parse(QueryDict("since=2026-03-01&until=2026-03-31"), READER)

    assert found.approved_at == Span(dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    assert found.as_query() == "approvedAtSince=2026-03-01&approvedAtUntil=2026-03-31"


def test_the_explicit_range_wins_over_its_alias():
    found, _problems = parse(QueryDict("since=2026-03-01&approvedAtSince=2026-04-01"), READER)

    assert found.approved_at.since == dt.date(2026, 4, 1)


def test_an_instant_without_zone_is_one_of_the_readers_zone():
    found, _problems = parse(QueryDict("createdAtSince=2026-03-01T10:00"), READER)

    assert found.created_at.since == dt.datetime(2026, 3, 1, 13, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["1762000000", "1762000000000", "2025-11-01T12:26:40Z", "2025-11-01T09:26:40-03:00"])
def test_an_instant_is_read_as_epoch_or_iso(text):
    found, problems = parse(QueryDict(f"updatedAtSince={text}"), READER)

    assert problems == []
    assert found.updated_at.since == dt.datetime(2025, 11, 1, 12, 26, 40, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("foo=1", "foo"),
        ("createdAtSince=yesterday", "createdAtSince"),
        ("createdAtSince=0001-01-01", "createdAtSince"),
        ("orderBy=password", "orderBy"),
        ("order=sideways", "order"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("ids=nonsense", "ids"),
        ("status=nonsense", "status"),
        ("revisionProcess=never", "revisionProcess"),
        ("gone=maybe", "gone"),
        ("page=-1", "page"),
        ("q=%00", "q"),
        ("q=" + "x" * 501, "q"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_told(query, parameter):
    found, problems = parse(QueryDict(query), READER)

    assert found == TaskFilter()
    assert [problem.parameter for problem in problems] == [parameter]
    assert str(problems[0])


def test_a_status_seen_in_the_mirror_may_be_asked_for():
    found, problems = parse(QueryDict("status=paused"), Reader(SAO_PAULO, frozenset({"paused"})))

    assert (found.status, problems) == (("paused",), [])


def test_empty_fields_of_a_plain_form_are_no_problem():
    assert parse(QueryDict("q=&approvedBy=&createdAtSince="), READER) == (TaskFilter(), [])


def test_narrowed_says_whether_anything_is_asked_for():
    assert not TaskFilter(order_by="name", limit=25, page=3).is_narrowed
    assert TaskFilter(ids=(uuid4(),)).is_narrowed


def test_columns_are_read_as_a_comma_list_or_as_ticks():
    listed, _problems = parse(QueryDict("cols=name,status"), READER)
    ticked, _problems = parse(QueryDict("cols=name&cols=status"), READER)

    assert listed.cols == ticked.cols == ("name", "status")
