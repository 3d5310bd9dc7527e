"""Large and hostile values stay in bounds: a test that hangs here has found work that grows with the square."""

import random
from decimal import Decimal
from typing import Any

import pytest

from telareview.tasks.diff import Counts, Limits, apply, diff
from telareview.tasks.diff.identity import Identities
from telareview.tasks.diff.order import Budget, common
from tests.tasks.json_values import text_of


@pytest.fixture
def chance() -> random.Random:
    return random.Random(11)


def item(number: int) -> dict[str, Any]:
    return {"descricao": f"Item {number}", "valor": Decimal(number) / 100, "ncm": None, "impostos": {"icms": number}}


def test_a_hundred_differences_among_many_items_are_told_as_such(chance: random.Random) -> None:
    left = [item(number) for number in range(5_000)]
    right = list(left)
    for at in chance.sample(range(0, 5_000, 10), 40):
        right[at] = {**right[at], "ncm": "8703"}
    for at in sorted(chance.sample(range(5, 5_000, 10), 30), reverse=True):
        del right[at]
    for number in range(30):
        right.insert(chance.randrange(len(right)), item(9_000 + number))

    difference = diff({"itens": left}, {"itens": right})

    assert difference.counts == Counts(added=30, removed=30, changed=40)
    assert difference.by_position == ()
    assert text_of(apply({"itens": left}, difference)) == text_of({"itens": right})


def test_a_hundred_thousand_flat_fields_are_compared_field_by_field() -> None:
    left = {f"k{number}": number for number in range(100_000)}
    right = {key: value + (value % 100 == 0) for key, value in left.items()}

    difference = diff(left, right)

    assert difference.counts == Counts(changed=1_000)
    assert difference.unchanged == 99_000
    assert (len(difference.changes), difference.left_out.changed) == (500, 500)


@pytest.mark.parametrize("sizes", [(250, 250), (6_000, 5_000)])
def test_lists_with_nothing_in_common_are_paired_by_position_and_say_so(sizes: tuple[int, int]) -> None:
    left = [{"a": f"l{number}", "b": f"m{number}"} for number in range(sizes[0])]
    right = [{"a": f"r{number}", "b": f"s{number}"} for number in range(sizes[1])]

    difference = diff({"itens": left}, {"itens": right})

    assert difference.by_position == (("itens",),)
    assert difference.counts == Counts(changed=2 * sizes[1], removed=sizes[0] - sizes[1])


def test_items_with_an_id_are_never_paired_by_position() -> None:
    left = [{"id": f"l{number}", "a": number} for number in range(500)]
    right = [{"id": f"r{number}", "a": -number} for number in range(499, 0, -1)]

    difference = diff([{"id": "one", "a": 1}, *left], [*right, {"id": "one", "a": 2}])

    assert difference.counts == Counts(added=499, removed=500, changed=1)
    assert difference.by_position == ()


def test_repeating_items_cannot_make_the_search_for_order_endless(chance: random.Random) -> None:
    left = [chance.randint(0, 1) for _ in range(20_000)]
    right = [chance.randint(0, 1) for _ in range(20_000)]
    budget = Budget(10_000)

    pairs = common(left, right, budget)

    assert 0 <= budget.left < 500
    assert len(pairs) > 8_000
    assert text_of(apply(left, diff(left, right))) == text_of(right)


def test_many_lists_share_one_budget() -> None:
    left = {str(at): [f"l{at}.{number}" for number in range(60)] for at in range(300)}
    right = {str(at): [f"r{at}.{number}" for number in range(61)] for at in range(300)}

    difference = diff(left, right)

    assert 0 < len(difference.by_position) <= 20
    assert text_of(apply(left, difference)) == text_of(right)


def test_more_differences_than_are_edited_one_by_one_are_one_change_of_the_whole() -> None:
    left, right = list(range(3_000)), list(range(3_000, 6_000))

    difference = diff({"n": left, "x": 1}, {"n": right, "x": 2}, limits=Limits(max_edits=2_000))

    assert [(change.path, change.leaves) for change in difference.changes] == [(("n",), 3_000), (("x",), 1)]
    assert difference.as_whole == (("n",),)


def test_lists_that_differ_over_too_long_a_stretch_are_one_change_of_the_whole(chance: random.Random) -> None:
    left, right = [chance.randint(0, 1) for _ in range(3_000)], [chance.randint(0, 1) for _ in range(3_000)]

    difference = diff(left, right, limits=Limits(max_edits=2_000))

    assert (difference.counts, difference.as_whole) == (Counts(changed=1), ((),))


def test_nesting_beyond_any_stack_is_compared() -> None:
    left: Any = 1
    right: Any = 2
    for _ in range(5_000):
        left, right = [left], {"": right}
        left, right = [left], [right]

    difference = diff(left, right)

    assert len(difference.changes) == 1
    assert apply(left, difference) is not left


def test_a_tower_of_lists_that_differ_only_at_the_bottom_is_walked_once() -> None:
    bottom = [str(number) for number in range(20_000)]
    left: Any = [*bottom, "left"]
    right: Any = [*bottom, "right"]
    for _ in range(90):
        left, right = [left], [right]

    (change,) = diff(left, right).changes

    assert (change.before, change.after, len(change.path)) == ("left", "right", 91)


def test_identities_are_dense_and_equal_only_for_equal_values() -> None:
    identities = Identities()
    distinct: list[Any] = [None, False, True, 0, 1, Decimal("1.0"), "1", "", [], {}, [[]], [1], {"": 1}, {"1": []}]

    found = [identities.of(value) for value in distinct]

    assert len(set(found)) == len(distinct)
    assert [identities.of(value) for value in distinct] == found
    assert identities.of({"b": [1, 2], "a": "x"}) == identities.of({"a": "x", "b": [1, 2]})
