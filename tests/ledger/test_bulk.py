"""Rows that we write ourselves arrive as those that the driver writes."""

import datetime as dt
import json
from itertools import starmap

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from telareview.ledger.bulk import copy_rows, integer, jsonb, octets
from tests.tasks.hostile import TEXTS

pytestmark = pytest.mark.django_db

COLUMNS = {
    "number": "bigint",
    "identity": "uuid",
    "moment": "timestamptz",
    "octets": "bytea",
    "texts": "text[]",
    "word": "text",
}
#: What a text column holds.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.sampled_from(
    [
        "",
        "\\",
        "\\N",
        "\\.",
        "\\x41",
        "a\tb\nc\rd",
        "\r\n",
        '"',
        "{}",
        "NULL",
        *(text for text in TEXTS if "\0" not in text),
    ]
).filter(lambda text: text.isascii() or not any(0xD800 <= ord(letter) < 0xE000 for letter in text))
zones = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-3))])
moments = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1), timezones=zones)
rows = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.uuids(),
    st.none() | moments,
    st.none() | st.binary(max_size=40),
    st.none() | st.lists(texts, max_size=4),
    st.none() | texts,
)
leaves = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | texts


@given(st.lists(rows, max_size=5))
def test_rows_arrive_as_those_of_the_driver_and_as_they_are(given_rows):
    names = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    with connection.cursor() as cursor:
        for table in ("ours", "theirs"):
            cursor.execute(f"CREATE TEMPORARY TABLE {table} (place int GENERATED ALWAYS AS IDENTITY, {names})")
        copy_rows(cursor, "ours", [*COLUMNS], starmap(octets, given_rows))
        with cursor.copy(f"COPY theirs ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for row in given_rows:
                copy.write_row(row)
        held = []
        for table in ("ours", "theirs"):
            cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {table} ORDER BY place")
            held.append([(*row[:3], row[3] and bytes(row[3]), *row[4:]) for row in cursor.fetchall()])
            cursor.execute(f"DROP TABLE {table}")

    assert held[0] == held[1]
    assert held[0] == given_rows


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-(2**31), 2**31 - 1), st.recursive(leaves, st.lists, max_leaves=8)),
        max_size=5,
    )
)
def test_short_numbers_and_json_arrive_as_they_are(given_rows):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kinds (number integer, value jsonb, exact json)")
        copy_rows(
            cursor,
            "kinds",
            ["number", "value", "exact"],
            (octets(integer(number), jsonb(json.dumps(value)), json.dumps(value)) for number, value in given_rows),
        )
        cursor.execute("SELECT number, value, exact::text FROM kinds")
        held = cursor.fetchall()
        cursor.execute("DROP TABLE kinds")

    assert [(number, json.loads(value)) for number, value, _exact in held] == given_rows
    assert [exact for _number, _value, exact in held] == [json.dumps(value) for _number, value in given_rows]


def test_more_than_is_handed_over_at_a_time_arrives():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE many (number bigint, word text)")
        copy_rows(cursor, "many", ["number", "word"], (octets(number, "x" * 1000) for number in range(1001)))
        cursor.execute("SELECT count(*), sum(number), sum(length(word)) FROM many")
        counted = cursor.fetchone()
        cursor.execute("DROP TABLE many")

    assert counted == (1001, 500_500, 1_001_000)


def test_no_rows_are_none():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE none_at_all (word text)")
        copy_rows(cursor, "none_at_all", ["word"], ())
        cursor.execute("SELECT count(*) FROM none_at_all")
        assert cursor.fetchone() == (0,)
        cursor.execute("DROP TABLE none_at_all")


@pytest.mark.parametrize("row", [octets("a\0b"), octets(5), octets(b"\xff"), octets("a", "b")])
def test_what_a_column_cannot_hold_is_an_error_like_any_other(row):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE words (word text)")
        with pytest.raises(DatabaseError), transaction.atomic():
            copy_rows(cursor, "words", ["word"], [row])
        cursor.execute("SELECT count(*) FROM words")
        assert cursor.fetchone() == (0,)
        cursor.execute("DROP TABLE words")
