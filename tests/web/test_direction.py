"""Marks that turn the direction of writing are shown, not obeyed."""

import pytest

from telareview.web.direction import MARKS, escape, show_marks


@pytest.mark.parametrize("text", ["Invoice-7.pdf", "Família 👨\u200d👩\u200d👧 🧾", "חשבונית 42.pdf", "e\u0301"])
def test_other_text_stays_as_it_is(text):
    assert show_marks(text) == text


def test_an_override_is_shown_and_leaves_no_mark_behind():
    assert show_marks("\u202egpj.exe\u202c.pdf") == r"\u202egpj.exe\u202c.pdf"


@pytest.mark.parametrize("mark", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_every_mark_is_shown(mark):
    assert MARKS.search(escape(f"a{mark}b")) is None


def test_markup_is_escaped_too():
    assert escape('<b title="\u202e">') == r"&lt;b title=&quot;\u202e&quot;&gt;"
