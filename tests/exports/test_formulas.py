"""No text of a file for people comes to life as a formula, whichever delimiter it is read with."""

import csv
import io
import itertools
import random

import pytest
from django.db.models import TextField, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telareview.accounts.models import Workspace
from telareview.exports.formulas import BREAKS, Guarded, guarded

#: Read with another delimiter, a file falls into other cells.
DELIMITERS = (",", ";", "\t", "|")
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
PIECES = (
    *SIGNS, *DELIMITERS, '"', '""', "'", " ", "\u00a0", "\u200b", "\ufeff", "\n", "\r\n", "\r", "\v", "\u2028", "\x01",
    "1+1", "A1", "cmd|' /C calc'!A0", "HYPERLINK(\"http://x\")", "ç", "1.234,56", "a", "\\", "=1+1", '"=1+1', ";=1+1",
)  # fmt: skip
ROWS, CELLS = 20_000, 3
PASSED = " \t\r\n\v\f\"'\u00a0\u200b\ufeff\u2028\u2029\x85" + "".join(map(chr, range(1, 32)))

hostile = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def is_live(cell: str) -> bool:
    """Whether a spreadsheet that passes over blanks and quotes would read a formula. `'` makes text of a cell."""
    bare = cell.lstrip(PASSED.replace("'", ""))
    return bare[:1] in SIGNS and bare != ""


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """The same hostile cells in every run."""
    draw = random.Random(20260301)
    return [["".join(draw.choices(PIECES, k=draw.randint(0, 6))) for _ in range(CELLS)] for _ in range(ROWS)]


@pytest.mark.parametrize(("written", "read"), itertools.product(DELIMITERS, DELIMITERS))
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_of_20000_hostile_rows_no_cell_is_live_for_any_pair_of_delimiters(rows, written, read, quoting):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=written, quoting=quoting).writerows([guarded(cell) for cell in row] for row in rows)

    file.seek(0)
    cells = [cell for row in csv.reader(file, delimiter=read) for cell in row]

    assert [cell for cell in cells if is_live(cell)] == []
    assert len(cells) >= ROWS


def test_without_the_guard_they_are_alive(rows):
    """The trial can fail."""
    assert sum(any(is_live(cell) for cell in row) for row in rows) > ROWS / 3


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("a;=1+1", "a;'=1+1"),
        (' "=1', " \"'=1"),
        ("a\n=1", "a =1"),
        ("ana+b@acme.example", "ana+b@acme.example"),
        ("1.234,56", "1.234,56"),
        ("São José; ação", "São José; ação"),
        ("a - b", "a - b"),
        ("", ""),
    ],
)
def test_what_the_guard_does(text, safe):
    assert guarded(text) == safe


@given(text=hostile)
@settings(max_examples=300, deadline=None)
def test_guarded_text_stays_as_it_is_when_guarded_again_but_for_its_marks(text):
    once = guarded(text)

    assert not any(letter in once for letter in BREAKS)
    assert once.replace("'", "") == "".join(" " if letter in BREAKS else letter for letter in text).replace("'", "")


@given(texts=st.lists(hostile | st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_guards_as_we_do(acme, texts):
    found = []
    for text in texts:
        guard = Guarded(Value(text, output_field=TextField()))
        found.append(Workspace.objects.annotate(safe=guard).values_list("safe", flat=True).get())

    assert found == [guarded(text) for text in texts]
