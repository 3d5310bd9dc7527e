"""The values of a payload as rows."""

from hypothesis import given

from telareview.tasks.leaves import count_leaves, leaf_table, walk
from telareview.tasks.room import CUT, MAX_PATH_CHARACTERS, MAX_SHOWN_BEYOND, MAX_SHOWN_CHARACTERS, Room
from tests.tasks.json_values import values


@given(values)
def test_every_value_is_a_row_and_counted(value):
    table = leaf_table(value)

    assert len(table.rows) == table.count == count_leaves(value)
    assert table.is_whole


@given(values)
def test_only_so_many_are_shown_and_all_are_counted(value):
    table = leaf_table(value, limit=2)

    assert [row.path for row in table.rows] == [row.path for row in leaf_table(value).rows][:2]
    assert table.count == count_leaves(value)


def test_values_stand_in_the_order_of_the_document():
    value = {"b": [1, {"c": None}], "a": "", "e": {}, "l": []}

    assert list(walk(value)) == [("b[0]", 1), ("b[1].c", None), ("a", ""), ("e", {}), ("l", [])]


def test_a_path_below_a_key_of_megabytes_is_cut():
    key = "k" * 1_000_000

    rows = leaf_table({key: [{key: n} for n in range(1_000)]}).rows

    assert len(rows) == 1_000
    assert {len(row.path) for row in rows} == {MAX_PATH_CHARACTERS}


def test_values_are_cut_and_then_cut_shorter_until_the_table_is_bounded():
    table = leaf_table(["x" * 10_000] * 1_000)

    lengths = [len(row.shown) for row in table.rows]
    assert lengths[0] == MAX_SHOWN_CHARACTERS + len(CUT)
    assert lengths[-1] == MAX_SHOWN_BEYOND + len(CUT)
    assert sum(lengths) < 700_000
    assert table.shortened == 1_000


def test_markup_counts_as_what_it_is_escaped_to():
    plain, quoted = (sum(len(row.shown) for row in leaf_table([letter * 4_000] * 500).rows) for letter in "x'")

    assert quoted < plain / 2


def test_an_escape_is_no_way_round_the_bound():
    assert len(Room().show("\0" * 4_000)) == MAX_SHOWN_CHARACTERS + len(CUT)
