"""Marks inside a text show what a reader would underline."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telareview.tasks.diff import mark
from telareview.tasks.diff.inline import CONTEXT_CHARS, MAX_MARKED_CHARS
from telareview.tasks.diff.order import Budget


def drawn(before: str, after: str) -> tuple[str, str]:
    left, right = mark(before, after)
    return (
        "".join(f"[-{text}-]" if differs else text for text, differs in left),
        "".join(f"[+{text}+]" if differs else text for text, differs in right),
    )


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("Acme Corp", "Acme Corporation", ("Acme Corp", "Acme Corp[+oration+]")),
        ("15000", "150.000", ("15000", "150[+.0+]00")),
        ("150.000,00", "150000", ("150[-.-]000[-,00-]", "150000")),
        ("a nota fiscal 12", "a nota de serviço 12", ("a nota [-fiscal-] 12", "a nota [+de serviço+] 12")),
        ("João Silva", "Maria Souza", ("[-João Silva-]", "[+Maria Souza+]")),
        ("1, 2, 3", "1 2 3", ("1[-,-] 2[-,-] 3", "1 2 3")),
        ("", "novo", ("", "[+novo+]")),
        ("velho", "", ("[-velho-]", "")),
        ("igual", "igual", ("igual", "igual")),
    ],
)
def test_what_differs_is_marked(before: str, after: str, shown: tuple[str, str]) -> None:
    assert drawn(before, after) == shown


def test_an_accent_is_not_torn_from_its_letter() -> None:
    assert drawn("Jose\u0301", "Josu\u0301") == ("Jos[-e\u0301-]", "Jos[+u\u0301+]")


letters = st.text(alphabet="ab 1.,\u0301é😀", max_size=40)


@settings(max_examples=300, deadline=None)
@given(letters, letters)
def test_the_pieces_are_the_texts_and_what_is_not_marked_is_equal(before: str, after: str) -> None:
    left, right = mark(before, after)

    assert "".join(text for text, _ in left) == before
    assert "".join(text for text, _ in right) == after
    assert "".join(text for text, differs in left if not differs) == "".join(t for t, differs in right if not differs)
    for marks in (left, right):
        assert all(text for text, _ in marks)
        assert all(one[1] is not following[1] for one, following in pairwise(marks))


def test_long_texts_are_cut_around_what_differs() -> None:
    before = "x " * 1_000_000 + "velho" + " y" * 1_000_000
    after = before.replace("velho", "novo")

    left, right = mark(before, after)

    assert [differs for _, differs in left] == [False, True, False]
    assert left[1] == ("velho", True)
    assert right[1] == ("novo", True)
    assert left[0][0] == "…" + ("x " * 1_000_000)[-CONTEXT_CHARS:]
    assert left[2][0] == (" y" * 1_000_000)[:CONTEXT_CHARS] + "…"


def test_a_long_difference_is_marked_as_a_whole_and_cut() -> None:
    left, right = mark("a" * 5_000_000, "b" * 10)

    assert left == (("a" * MAX_MARKED_CHARS + "…", True),)
    assert right == (("b" * 10, True),)


def test_many_lines_can_share_one_budget() -> None:
    budget = Budget(200)

    for number in range(50):
        pieces: Any = mark(f"a b c d {number} x y z", f"z y x {number} d c b a", budget=budget)
        assert "".join(text for text, _ in pieces[0]) == f"a b c d {number} x y z"

    assert budget.left < 20
