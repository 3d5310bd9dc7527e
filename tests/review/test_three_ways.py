"""Three states of an output laid together: whose change is whose, and what the draft holds afterwards."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from telareview.review.patch import same_json
from telareview.review.three_ways import lay_together
from telareview.tasks.diff import MISSING
from tests.tasks.json_values import pairs, values


def test_changes_of_different_fields_are_both_kept() -> None:
    laid = lay_together({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 3})

    assert laid.merged == {"a": 2, "b": 3}
    assert [(place.path, place.side) for place in laid.places] == [(("a",), "theirs"), (("b",), "mine")]
    assert laid.conflicts == ()


def test_the_same_field_changed_twice_is_a_conflict_and_mine_stays() -> None:
    laid = lay_together({"total": {"valor": 1}}, {"total": {"valor": 2}}, {"total": {"valor": 3}})

    assert laid.merged == {"total": {"valor": 3}}
    (place,) = laid.conflicts
    assert (place.path, place.base, place.theirs, place.mine) == (("total", "valor"), 1, 2, 3)


def test_both_wrote_the_same() -> None:
    laid = lay_together({"a": 1}, {"a": 2}, {"a": 2})

    assert laid.merged == {"a": 2}
    assert [place.side for place in laid.places] == ["both"]


def test_items_of_a_list_are_told_one_by_one_while_it_keeps_its_length() -> None:
    laid = lay_together([{"n": 1}, {"n": 1}], [{"n": 2}, {"n": 1}], [{"n": 1}, {"n": 3}])
    longer = lay_together([1], [1, 2], [5])

    assert laid.merged == [{"n": 2}, {"n": 3}]
    assert [place.path for place in longer.conflicts] == [()]


def test_a_field_only_they_added_comes_along() -> None:
    laid = lay_together({"a": 1}, {"a": 1, "b": 2}, {"a": 5})

    assert laid.merged == {"a": 5, "b": 2}
    assert laid.places[1].base is MISSING


@given(pairs())
@settings(deadline=None)
def test_where_only_one_changed_something_it_is_taken(pair: tuple[Any, Any]) -> None:
    base, changed = pair

    assert same_json(lay_together(base, changed, base).merged, changed)
    assert same_json(lay_together(base, base, changed).merged, changed)
    assert same_json(lay_together(base, changed, changed).merged, changed)


@given(values, values, values)
@settings(deadline=None)
def test_no_place_is_told_twice_and_none_is_told_for_nothing(base: Any, theirs: Any, mine: Any) -> None:
    places = lay_together(base, theirs, mine).places

    assert len({place.path for place in places}) == len(places)
    assert all(not (same_json(p.base, p.theirs) and same_json(p.base, p.mine)) for p in places)
    assert bool(places) == (not (same_json(base, theirs) and same_json(base, mine)))


@given(pairs(), st.data())
@settings(deadline=None)
def test_without_a_conflict_the_order_of_the_two_does_not_matter(pair: tuple[Any, Any], data: st.DataObject) -> None:
    base, theirs = pair
    mine = data.draw(values)
    there, back = lay_together(base, theirs, mine), lay_together(base, mine, theirs)

    assert len(there.conflicts) == len(back.conflicts)
    if not there.conflicts and there.merged is not MISSING:
        assert same_json(there.merged, back.merged)
