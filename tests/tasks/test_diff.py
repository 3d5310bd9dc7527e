"""What a comparison tells, and that it tells everything."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from telareview.tasks.diff import MISSING, Change, Counts, Kind, Limits, apply, diff, leaf_paths, same
from tests.tasks.json_values import pairs, text_of, told, values


@settings(max_examples=250, deadline=None)
@given(pairs())
def test_applying_the_difference_to_the_left_gives_the_right_exactly(pair: tuple[Any, Any]) -> None:
    left, right = pair

    assert text_of(apply(left, diff(left, right))) == text_of(right)


@settings(max_examples=150, deadline=None)
@given(pairs())
def test_it_stays_exact_under_the_tightest_limits(pair: tuple[Any, Any]) -> None:
    left, right = pair

    difference = diff(left, right, limits=Limits(max_changes=1, max_steps=0, max_edits=2, max_depth=1))

    assert text_of(apply(left, difference)) == text_of(right)


@settings(max_examples=120, deadline=None)
@given(pairs())
def test_nothing_is_told_exactly_if_nothing_differs(pair: tuple[Any, Any]) -> None:
    left, right = pair
    equal = text_of(left) == text_of(right)

    difference = diff(left, right)

    assert difference.same is equal
    assert (difference.changes == ()) is equal
    assert same(left, right) is equal


@settings(max_examples=120, deadline=None)
@given(pairs())
def test_every_leaf_of_both_sides_is_told_or_unchanged(pair: tuple[Any, Any]) -> None:
    left, right = pair

    difference = diff(left, right, limits=Limits(max_changes=10_000))

    replaced = [change for change in difference.changes if change.kind is not Kind.MOVED]
    told_left = sum(len(list(leaf_paths(change.before))) for change in replaced if change.before is not MISSING)
    told_right = sum(len(list(leaf_paths(change.after))) for change in replaced if change.after is not MISSING)
    # An empty container is a leaf, and none any more as soon as something is put into it, or the other way round.
    filled = len(list(leaf_paths(left))) - told_left - difference.unchanged
    emptied = len(list(leaf_paths(right))) - told_right - difference.unchanged
    assert 0 <= filled <= difference.counts.added
    assert 0 <= emptied <= difference.counts.removed


@settings(max_examples=120, deadline=None)
@given(pairs())
def test_what_is_told_stands_where_it_is_told_to_stand(pair: tuple[Any, Any]) -> None:
    left, right = pair

    for change in diff(left, right).changes:
        if change.kind is not Kind.REMOVED:
            assert text_of(at(right, change.path)) == text_of(change.after)
        if change.left_path is not None:
            assert text_of(at(left, change.left_path)) == text_of(change.before)


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


@given(values)
def test_the_order_of_keys_is_no_difference(value: Any) -> None:
    assert diff(value, turned(value)).same


def turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (1, 2, "changed"),
        ("Acme", "ACME", "changed"),
        (True, False, "changed"),
        (None, "Acme", "changed"),
        ("Acme", None, "changed"),
        (None, {"a": 1}, "changed"),
        (True, 1, "type"),
        (False, 0, "type"),
        ("true", True, "type"),
        (150000, "150.001,00", "type"),
        ({}, [], "type"),
        ([1], "1", "type"),
        (1, Decimal("1.0"), "formatting"),
        (Decimal("1.0"), Decimal("1.00"), "formatting"),
        (150000, "150.000,00", "formatting"),
        ("2026-12-01", "01/12/2026", "formatting"),
    ],
)
def test_each_kind_of_change(before: Any, after: Any, kind: str) -> None:
    assert told({"x": before}, {"x": after}) == [(kind, ("x",))]


def test_one_written_with_an_exponent_is_one() -> None:
    assert diff({"x": 1}, {"x": Decimal("1E+0")}).same


def test_a_subtree_that_came_or_went_is_one_change() -> None:
    difference = diff({"a": 1, "gone": {"b": 1, "c": [2, 3]}}, {"a": 1, "new": [1, {"d": []}]})

    assert difference.changes == (
        Change(Kind.REMOVED, ("gone",), ("gone",), {"b": 1, "c": [2, 3]}, MISSING, 3),
        Change(Kind.ADDED, ("new",), None, MISSING, [1, {"d": []}], 2),
    )
    assert difference.unchanged == 1


def test_absent_null_and_empty_are_three_things() -> None:
    assert told({}, {"a": None}) == [("added", ("a",))]
    assert told({"a": None}, {"a": ""}) == [("changed", ("a",))]
    assert told({"a": ""}, {}) == [("removed", ("a",))]


def test_the_whole_value_may_be_a_scalar() -> None:
    assert told("before", "after") == [("changed", ())]


def test_the_counts_are_those_of_the_headline() -> None:
    left = {"a": 1, "b": 2, "c": "2026-12-01", "d": [1, 2, 3], "same": {"x": 1, "y": [], "z": None}}
    right = {"a": 7, "b": "x", "c": "01/12/2026", "d": [3, 1, 2], "same": {"z": None, "y": [], "x": 1}, "new": 0}

    difference = diff(left, right)

    assert difference.counts == Counts(added=1, changed=1, type=1, formatting=1, moved=1)
    assert difference.counts.altered == 3
    assert difference.counts.total == 5
    assert difference.unchanged == 6


def test_filling_an_empty_object_leaves_nothing_the_same() -> None:
    assert diff({"a": {}}, {"a": {"b": 1}}).unchanged == 0
    assert diff({"a": [1]}, {"a": []}).unchanged == 0


def test_changes_stand_in_the_order_of_the_document() -> None:
    left = {"z": 1, "gone": 1, "a": {"k": 1}, "list": [1, 2, 3, 4]}
    right = {"z": 2, "a": {"k": 2}, "list": [9, 1, 3, 5], "new": 1}

    assert [change.path for change in diff(left, right).changes] == [
        ("z",),
        ("gone",),
        ("a", "k"),
        ("list", 0),
        ("list", 1),
        ("list", 3),
        ("new",),
    ]


def test_too_many_changes_are_counted_and_said_to_be_left_out() -> None:
    left = {str(number): number for number in range(30)}
    right = {str(number): str(number) if number % 2 else number + 1 for number in range(30)}

    difference = diff(left, right, limits=Limits(max_changes=4))

    assert len(difference.changes) == 4
    assert difference.truncated
    assert difference.counts == Counts(changed=15, formatting=15)
    assert difference.left_out == Counts(changed=13, formatting=13)


def test_what_lies_too_deep_is_told_as_one_change_and_named() -> None:
    difference = diff({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 2, "d": 2}}}, limits=Limits(max_depth=2))

    assert [(change.kind, change.path, change.leaves) for change in difference.changes] == [
        (Kind.CHANGED, ("a", "b"), 2)
    ]
    assert difference.as_whole == (("a", "b"),)


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError, match="set is no JSON value"):
        diff({"a": {1}}, {"a": 1})
