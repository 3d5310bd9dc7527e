"""Laying an edit over an output."""

from copy import deepcopy

from telareview.sandbox.merge import Change, overlay


def test_nothing_is_changed_in_place():
    current = {"a": {"b": [1, {"c": 2}]}, "d": [1]}
    before = deepcopy(current)

    merged, _ = overlay(current, {"a": {"b": [5, {"c": 6}]}, "d": []})

    assert current == before
    assert merged == {"a": {"b": [5, {"c": 6}]}, "d": []}


def test_what_is_unchanged_is_shared():
    current = {"a": {"b": 1}, "c": {"d": 2}}

    merged, _ = overlay(current, {"a": {"b": 9}})

    assert merged["c"] is current["c"]


def test_true_is_not_one_and_null_is_a_value():
    assert overlay({"a": 1}, {"a": True}) == ({"a": True}, [Change("a", 1)])
    assert overlay({"a": 1}, {"a": None}) == ({"a": None}, [Change("a", 1)])
    assert overlay({"a": None}, {"a": None}) == ({"a": None}, [])


def test_a_value_of_another_shape_is_replaced():
    assert overlay({"a": {"b": 1}}, {"a": [1]}) == ({"a": [1]}, [Change("a", {"b": 1})])
    assert overlay("text", "other") == ("other", [Change("content", "text")])


def test_lists_in_lists_have_paths():
    assert overlay([[1, 2], [3]], [[1, 9], [3]])[1] == [Change("[0][1]", 2)]
