"""Items of lists are compared with the items they come from."""

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telareview.tasks.diff import Counts, Kind, diff
from telareview.tasks.diff.order import Budget, common, longest_rising
from tests.tasks.json_values import told


@pytest.fixture
def fifty() -> list[dict[str, Any]]:
    return [{"descricao": f"Item {n}", "valor": n * 10, "ncm": None, "ativo": True} for n in range(50)]


def test_one_item_inserted_at_the_top_of_fifty_is_one_added(fifty: list[dict[str, Any]]) -> None:
    right = [{"descricao": "Frete", "valor": 210, "ncm": None, "ativo": True}, *fifty]

    difference = diff({"itens": fifty}, {"itens": right})

    assert difference.counts == Counts(added=1)
    assert difference.changes[0].path == ("itens", 0)
    assert difference.unchanged == 200


def test_one_field_changed_in_one_item_of_fifty_is_one_changed(fifty: list[dict[str, Any]]) -> None:
    right = copy.deepcopy(fifty)
    right[30]["valor"] = 301

    assert told(fifty, right) == [("changed", (30, "valor"))]


def test_an_item_changed_behind_one_inserted_has_both_paths(fifty: list[dict[str, Any]]) -> None:
    right = copy.deepcopy(fifty)
    right[30]["valor"] = 301
    right.insert(2, {"descricao": "Frete", "valor": 210, "ncm": None, "ativo": True})

    added, changed = diff(fifty, right).changes

    assert (added.kind, added.path, added.shifted) == (Kind.ADDED, (2,), False)
    assert (changed.path, changed.left_path, changed.shifted) == ((31, "valor"), (30, "valor"), True)


def test_an_item_inserted_next_to_a_changed_one_is_not_taken_for_it(fifty: list[dict[str, Any]]) -> None:
    right = copy.deepcopy(fifty)
    right[0]["valor"] = 1
    right.insert(0, {"descricao": "Frete", "valor": 210, "ncm": "8703", "ativo": False})

    assert told(fifty, right) == [("added", (0,)), ("changed", (1, "valor"))]


def test_a_removed_item_stands_where_it_was(fifty: list[dict[str, Any]]) -> None:
    right = [*fifty[:7], *fifty[8:]]

    (change,) = diff(fifty, right).changes

    assert (change.kind, change.path, change.before) == (Kind.REMOVED, (7,), fifty[7])


def test_items_are_known_again_by_their_id_however_much_changed() -> None:
    left = [{"id": "a", "x": 1, "y": 1}, {"id": "b", "x": 2, "y": 2}, {"id": "c", "x": 3, "y": 3}]
    right = [{"id": "new", "x": 1, "y": 1}, {"id": "a", "x": 7, "y": 8}, {"id": "b", "x": 2, "y": 9}]

    assert told(left, right) == [
        ("added", (0,)),
        ("changed", (1, "x")),
        ("changed", (1, "y")),
        ("changed", (2, "y")),
        ("removed", (2,)),
    ]


def test_a_corrected_code_is_one_changed_field() -> None:
    left = [{"codigo": f"A{n}", "descricao": f"Item {n}", "valor": n} for n in range(5)]
    right = copy.deepcopy(left)
    right[2]["codigo"] = "B2"
    right[3]["valor"] = 99

    assert told(left, right) == [("changed", (2, "codigo")), ("changed", (3, "valor"))]


def test_items_with_other_ids_and_nothing_alike_are_other_items() -> None:
    def item(letter: str) -> dict[str, str]:
        return {"id": letter, "x": f"{letter}1", "y": f"{letter}2"}

    left = [item(letter) for letter in "abcd"]
    right = [*(item(letter) for letter in "ayz"), {**item("d"), "y": "new"}]

    assert told(left, right) == [
        ("added", (1,)),
        ("added", (2,)),
        ("removed", (1,)),
        ("removed", (2,)),
        ("changed", (3, "y")),
    ]


def test_a_running_number_is_no_identity() -> None:
    left: list[dict[str, Any]] = [{"linha": n + 1, "tipo": n % 3, "valor": n // 3, "ok": True} for n in range(12)]
    right = [{"linha": 1, "tipo": 7, "valor": 7, "ok": None}, *({**item, "linha": item["linha"] + 1} for item in left)]

    difference = diff(left, right)

    assert difference.counts == Counts(added=1, changed=12)
    assert difference.changes[0].path == (0,)
    assert {change.path[-1] for change in difference.changes[1:]} == {"linha"}


def test_a_moved_item_is_told_once_and_counts_as_the_same() -> None:
    difference = diff(["a", "b", "c", "d"], ["d", "a", "b", "c"])

    (change,) = difference.changes
    assert (change.kind, change.path, change.left_path) == (Kind.MOVED, (0,), (3,))
    assert difference.unchanged == 4


def test_a_moved_item_that_changed_inside_tells_both() -> None:
    left = [{"id": letter, "x": 1} for letter in "abcd"]
    right = [{"id": "d", "x": 2}, *left[:3]]

    assert told(left, right) == [("moved", (0,)), ("changed", (0, "x"))]
    assert diff(left, right).changes[0].after == {"id": "d", "x": 2}


def test_what_was_removed_is_told_once_whatever_moved_past_it() -> None:
    assert told(list("abcxd"), list("dabc")) == [("moved", (0,)), ("removed", (3,))]
    assert told(list("xabcd"), list("dabc")) == [("moved", (0,)), ("removed", (0,))]


def test_of_equal_items_none_is_said_to_move() -> None:
    assert diff([0, 1, 0, 1, 1], [1, 0, 1, 1, 0]).counts.moved == 0
    assert diff(list("abc"), list("bcada")).counts == Counts(added=3, removed=1)


def test_scalars_in_one_place_are_changed_not_replaced() -> None:
    assert told([1, 2, 3], [1, 5, 3]) == [("changed", (1,))]
    assert told(["a", "b"], ["x", "y"]) == [("changed", (0,)), ("changed", (1,))]
    assert told([1, 150000], [1, "150.000,00", 7]) == [("formatting", (1,)), ("added", (2,))]


def test_unlike_tags_are_added_and_removed() -> None:
    assert told(["urgente", "nota"], ["aprovado"]) == [("added", (0,)), ("removed", (0,)), ("removed", (1,))]


def test_lists_in_lists_are_aligned_too() -> None:
    rows = [[n, n + 1, n + 2] for n in range(0, 60, 3)]

    assert told(rows, [[99, 98], *rows[:7], [21, 0, 23], *rows[8:]]) == [("added", (0,)), ("changed", (8, 1))]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=14), st.lists(st.integers(0, 5), max_size=14))
def test_what_two_sequences_have_in_common_is_as_long_as_can_be(left: list[int], right: list[int]) -> None:
    pairs = common(left, right, Budget(10_000))

    assert all(left[i] == right[j] for i, j in pairs)
    assert pairs == sorted(set(pairs))
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs) == longest_common(left, right)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=14), st.lists(st.integers(0, 3), max_size=14))
def test_without_a_budget_what_is_found_is_still_common(left: list[int], right: list[int]) -> None:
    pairs = common(left, right, Budget(0))

    assert all(left[i] == right[j] for i, j in pairs)
    assert pairs == sorted(pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)


def longest_common(left: list[int], right: list[int]) -> int:
    row = [0] * (len(right) + 1)
    for one in left:
        above, row = row, [0]
        for at, other in enumerate(right):
            row.append(above[at] + 1 if one == other else max(above[at + 1], row[at]))
    return row[-1]


def test_the_longest_rising_run_of_a_shuffled_row_is_found() -> None:
    values = list(range(9))
    random.Random(4).shuffle(values)

    best = max(
        len(chosen)
        for chosen in ([values[at] for at in range(9) if mask >> at & 1] for mask in range(1 << 9))
        if chosen == sorted(chosen)
    )

    assert len(longest_rising(values)) == best
    assert [values[at] for at in longest_rising(values)] == sorted(values[at] for at in longest_rising(values))
