"""Rows that we spell ourselves arrive as those that the driver spells."""

import datetime as dt

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from telareview.tasks.bulk import copy_lines, copy_rows, spelled
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


@given(st.lists(rows, max_size=5))
def test_rows_arrive_as_they_are(given_rows):
    names = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    with connection.cursor() as cursor:
        for table in ("ours", "theirs"):
            cursor.execute(f"CREATE TEMPORARY TABLE {table} (place int GENERATED ALWAYS AS IDENTITY, {names})")
        copy_lines(cursor, "ours", [*COLUMNS], map(spelled, given_rows))
        copy_rows(cursor, "theirs", [*COLUMNS], given_rows)
        held = []
        for table in ("ours", "theirs"):
            cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {table} ORDER BY place")
            held.append([(*row[:3], row[3] and bytes(row[3]), *row[4:]) for row in cursor.fetchall()])
            cursor.execute(f"DROP TABLE {table}")

    assert held[0] == held[1]
    assert [row[5] for row in held[0]] == [row[5] for row in given_rows]
    assert [row[4] for row in held[0]] == [row[4] for row in given_rows]


def test_more_lines_than_are_handed_over_at_a_time_all_arrive():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE many (number bigint)")
        copy_lines(cursor, "many", ["number"], (spelled([number]) for number in range(1001)))
        cursor.execute("SELECT count(*), sum(number) FROM many")
        counted = cursor.fetchone()
        cursor.execute("DROP TABLE many")

    assert counted == (1001, 500_500)


def test_no_lines_are_no_rows():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE none_at_all (word text)")
        copy_lines(cursor, "none_at_all", ["word"], ())
        cursor.execute("SELECT count(*) FROM none_at_all")
        assert cursor.fetchone() == (0,)
        cursor.execute("DROP TABLE none_at_all")
