"""Profile `machine` gives back what it was given: any row, through the real export, read by Python's csv module."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from telareview.tasks.models import OutputIndex, Task
from tests.exports.files import make
from tests.tasks.cards import card
from tests.tasks.hostile import TEXTS

pytestmark = pytest.mark.django_db

COLUMNS = (
    "id,name,status,createdBy,approvedBy,reference,tags,editedFields,createdAt,approvedAt,agentId,"
    "output.text,output.number,output.more"
)
#: What separates, quotes, breaks lines, begins formulas or means something to COPY.
MARKS = "\",;|\t\r\n\v\f\\'=+-@. \u0085\u00a0\u2028\u2029\u200b\u202e\ufeff\ue000\U0001f9fee\u0301\u00e9\x01\x7f"


def storable(text: str) -> bool:
    """PostgreSQL holds no NUL and no half of a pair; the mirror has put U+FFFD there before."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


texts = st.one_of(
    st.text(st.sampled_from(MARKS), max_size=12),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.sampled_from(
        [text[:500] for text in TEXTS if storable(text)] + ["", "NULL", "\\N", "\\.", '"', '""', "a\r", "\n"]
    ),
)
moments = st.datetimes(
    dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC)
)  # fmt: skip
numbers = st.integers(-(2**70), 2**70) | st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e99, max_value=1e99
)
more: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
rows = st.fixed_dictionaries(
    {
        "name": st.none() | texts,
        "status": texts,
        "created_by": st.none() | texts,
        "approved_by": st.none() | texts,
        "reference": st.none() | st.integers(-(2**63), 2**63 - 1),
        "tags": st.lists(texts, max_size=4),
        "edited_paths": st.lists(texts, max_size=3),
        "created_at": moments,
        "approved_at": st.none() | moments,
        "agent_id": st.none() | texts,
        "output": st.fixed_dictionaries({"text": st.none() | texts, "number": numbers, "more": more}),
    }
)


@given(given_rows=st.lists(rows, min_size=1, max_size=6))
@example(given_rows=[])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_comes_back_to_the_letter(acme, tmp_path, given_rows):
    stored = put(acme, given_rows)

    header, *records = read(make(acme, tmp_path, f"cols={COLUMNS}").path.read_bytes())

    assert header == COLUMNS.split(",")
    assert {record[0]: record[1:11] for record in records} == {key: told(row) for key, row in stored.items()}
    assert len(records) == len(given_rows)
    for key, *cells in records:
        text, number, other = cells[-3:]
        assert key is not None
        output = stored[key]["output"]
        assert text == output["text"]
        assert Decimal(number or "") == Decimal(repr(output["number"]))
        assert_same(output["more"], other)


def put(workspace, given_rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Nothing but these rows in the mirror; by their ids."""
    Task.objects.all().delete()
    OutputIndex.objects.all().delete()
    cards = [card(workspace, **{name: value for name, value in row.items() if name != "output"}) for row in given_rows]
    Task.objects.bulk_create(cards)
    OutputIndex.objects.bulk_create(
        OutputIndex(workspace=workspace, task_id=each.task_id, content=row["output"])
        for each, row in zip(cards, given_rows, strict=True)
    )
    return {str(each.task_id): row for each, row in zip(cards, given_rows, strict=True)}


def read(octets: bytes) -> list[list[str | None]]:
    """As any program would; an empty cell without quotes is null."""
    text = io.StringIO(octets.decode("utf-8", "strict"), newline="")
    return [[*record] for record in csv.reader(text, quoting=csv.QUOTE_NOTNULL, strict=True)]


def told(row: dict[str, Any]) -> list[str | None]:
    """The cells of all columns but the id and the output."""
    reference = row["reference"]
    return [
        row["name"],
        row["status"],
        row["created_by"],
        row["approved_by"],
        None if reference is None else str(reference),
        "|".join(row["tags"]),
        "|".join(row["edited_paths"]),
        instant(row["created_at"]),
        instant(row["approved_at"]),
        row["agent_id"],
    ]


def instant(moment: dt.datetime | None) -> str | None:
    """To the millisecond, cut."""
    if moment is None:
        return None
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def assert_same(value: Any, cell: str | None) -> None:
    """Text as it is, null as an empty cell, everything else as JSON of the same value."""
    if value is None or isinstance(value, str):
        assert cell == value
    else:
        assert cell is not None
        assert exact(json.loads(cell, parse_float=Decimal)) == exact(value)


def exact(value: Any) -> Any:
    """With decimals for floats, so that nothing is rounded; one is not true."""
    match value:
        case bool() | None | str():
            return value
        case int() | float() | Decimal():
            return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        case list():
            return [exact(each) for each in value]
    return {key: exact(each) for key, each in value.items()}
