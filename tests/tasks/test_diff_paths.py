"""Paths are written so that they can be read back, and changed leaves are found without aligning."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telareview.tasks.diff import changed_leaf_paths, leaf_paths, show_path
from telareview.tela.paths import parse_path
from tests.tasks.json_values import keys, pairs, text_of


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("cliente",), "cliente"),
        (("itens", 2, "descricao"), "itens[2].descricao"),
        ((2, "a"), "[2].a"),
        (("razão social", "código"), "razão social.código"),
        (("a.b", "c"), '["a.b"].c'),
        (("a", "0"), 'a["0"]'),
        (("a", ""), 'a[""]'),
        (("a", 'b"c\\'), 'a["b\\"c\\\\"]'),
        ((), ""),
    ],
)
def test_a_path_is_shown_the_way_people_write_it(path: tuple[str | int, ...], shown: str) -> None:
    assert show_path(path) == shown


@settings(max_examples=300)
@given(st.lists(keys | st.text(max_size=5) | st.integers(0, 10**6), max_size=5).map(tuple))
def test_a_shown_path_is_read_back(path: tuple[str | int, ...]) -> None:
    assert parse_path(show_path(path)) == path


def test_leaves_are_scalars_and_empty_containers_in_order() -> None:
    value = {"b": [1, {"c": None}, []], "a": {}, "": "x"}

    assert list(leaf_paths(value)) == [("b", 0), ("b", 1, "c"), ("b", 2), ("a",), ("",)]


def test_nesting_beyond_any_stack_is_walked() -> None:
    value: Any = 1
    for _ in range(3_000):
        value = [value]

    assert [len(path) for path in leaf_paths(value)] == [3_000]
    assert changed_leaf_paths(value, [value]) != ()


def test_changed_leaves_are_those_of_the_right_side() -> None:
    left = {"a": 1, "same": [1, 2], "list": [{"x": 1}, {"x": 2}, {"x": 3}], "gone": {"k": 1, "l": []}}
    right = {"a": "1", "same": [1, 2], "list": [{"x": 1}, {"x": 9, "y": None}, {"x": 3}], "new": {"deep": [True]}}

    assert changed_leaf_paths(left, right) == (
        "a",
        "list[1].x",
        "list[1].y",
        "gone.k",
        "gone.l",
        "new.deep[0]",
    )


def test_an_item_inserted_among_equal_ones_is_the_only_one_told() -> None:
    items = [{"n": n} for n in range(20)]

    assert changed_leaf_paths(items, [*items[:5], {"n": "new"}, *items[5:]]) == ("[5].n",)
    assert changed_leaf_paths(items, [*items[:5], *items[6:]]) == ("[5].n",)


def test_a_value_that_became_an_object_is_told_by_its_leaves() -> None:
    assert changed_leaf_paths({"a": None}, {"a": {"b": 1}}) == ("a.b",)
    assert changed_leaf_paths({"a": {"b": 1}}, {"a": None}) == ("a",)


def test_no_more_than_the_limit_are_kept() -> None:
    left = {f"k{n}": n for n in range(500)}

    assert len(changed_leaf_paths(left, {})) == 200
    assert changed_leaf_paths(left, {}, limit=2) == ("k0", "k1")


@settings(max_examples=120, deadline=None)
@given(pairs())
def test_some_path_is_told_exactly_if_something_differs(pair: tuple[Any, Any]) -> None:
    left, right = pair

    assert (changed_leaf_paths(left, right) == ()) is (text_of(left) == text_of(right))
