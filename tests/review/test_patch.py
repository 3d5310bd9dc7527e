"""What is sent makes the stored output the edited one, for every edit that Tela's rules can say; others are refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telareview.review.patch import Inexpressible, deep_merge, minimal_patch, same_json
from telareview.tasks.diff import MISSING
from telareview.tela.wire import canonical_json
from tests.tasks.json_values import pairs, values


def as_sent(value: Any) -> str:
    return canonical_json(value)


@given(pairs())
@settings(max_examples=1_000, deadline=None)
def test_merging_the_patch_gives_the_edited_output_or_the_edit_is_refused(pair: tuple[Any, Any]) -> None:
    current, edited = pair

    try:
        patch = minimal_patch(current, edited)
    except Inexpressible:
        return

    if patch is MISSING:
        assert as_sent(edited) == as_sent(current)
    else:
        assert as_sent(deep_merge(current, patch)) == as_sent(edited)


@given(pairs())
@settings(max_examples=500, deadline=None)
def test_an_edit_is_refused_only_where_the_whole_of_it_would_leave_something_standing(pair: tuple[Any, Any]) -> None:
    current, edited = pair

    try:
        minimal_patch(current, edited)
        refused = False
    except Inexpressible:
        refused = True

    # Sending the whole edited output is the most that can be said.
    told = edited is not None and as_sent(deep_merge(current, edited)) == as_sent(edited)
    assert refused == (not told and as_sent(current) != as_sent(edited))


@given(values)
def test_no_edit_needs_no_patch(value: Any) -> None:
    assert minimal_patch(value, value) is MISSING


@pytest.mark.parametrize(
    ("current", "edited", "patch"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 3}, id="only what changed"),
        pytest.param({"t": {"v": 1, "w": 2}}, {"t": {"v": 5, "w": 2}}, {"t": {"v": 5}}, id="nested"),
        pytest.param({"a": 1}, {"a": 1, "b": None}, {"b": None}, id="a new field, also without value"),
        pytest.param({"a": "x"}, {"a": None}, {"a": None}, id="null is a value"),
        pytest.param(
            {"i": [{"n": 1}, {"n": 2}]}, {"i": [{"n": 1}, {"n": 3}]}, {"i": [{"n": 1}, {"n": 3}]}, id="the whole list"
        ),
        pytest.param({"i": [{"n": 1}, {"n": 2}]}, {"i": [{"n": 2}]}, {"i": [{"n": 2}]}, id="an item removed"),
        pytest.param({"i": [1]}, {"i": []}, {"i": []}, id="a list emptied"),
        pytest.param({"v": 1}, {"v": Decimal("1.0")}, {"v": Decimal("1.0")}, id="another notation"),
        pytest.param({"v": 1}, {"v": True}, {"v": True}, id="true is not 1"),
        pytest.param("old text", "new text", "new text", id="an output of plain text"),
    ],
)
def test_the_patch_is_the_least_that_says_it(current: Any, edited: Any, patch: Any) -> None:
    found = minimal_patch(current, edited)

    assert found is not MISSING
    assert as_sent(found) == as_sent(patch)


@pytest.mark.parametrize(
    ("current", "edited", "paths"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1}, (("b",),), id="a key taken away"),
        pytest.param({"a": {"b": 1}}, {"a": {}}, (("a", "b"),), id="an object emptied"),
        pytest.param(
            {"i": [{"a": 1}, {"b": 2}]}, {"i": [{"b": 2}, {"a": 1}]}, (("i", 0, "a"), ("i", 1, "b")), id="swap"
        ),
        pytest.param({"a": 1}, None, ((),), id="the whole output emptied"),
    ],
)
def test_what_merging_would_leave_standing_is_refused_by_its_place(current: Any, edited: Any, paths: Any) -> None:
    with pytest.raises(Inexpressible) as refused:
        minimal_patch(current, edited)

    assert refused.value.paths == paths


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers())
def test_values_are_the_same_only_to_the_digit(decimal: Decimal, whole: int) -> None:
    assert same_json(decimal, Decimal(str(decimal)))
    assert not same_json(whole, Decimal(whole))
    assert not same_json(None, MISSING)
