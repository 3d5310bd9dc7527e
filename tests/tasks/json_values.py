"""Random JSON values as the client decodes them, values near one another, and what a comparison tells of them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from telareview.tasks.diff import diff
from telareview.tela.wire import canonical_json

keys = st.sampled_from(["", "a", "b", "a.b", "itens[0]", "0", "id", "código", '"', "\\", "/", " x ", "\ud800", "\0"])
texts = st.text(max_size=6) | st.sampled_from(
    ["", " ", "1", "1.0", "true", "150.000,00", "2026-12-01", "01/12/2026", "\ud800", "e\u0301", "\u00e9"]
)
decimals = st.sampled_from(["0.0", "-0.0", "1.0", "1.00", "1E+3", "1", "0.1", "1E-400", "9007199254740993.5"]).map(
    Decimal
)
scalars: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers(-3, 3) | st.integers() | decimals | texts
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=25,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """A value, and what is left of it after some edits; now and then another value altogether."""
    left = draw(values)
    return left, draw(values) if draw(st.integers(0, 5)) == 0 else _edited(draw, left)


def _edited(draw: Any, value: Any) -> Any:
    if isinstance(value, list) and draw(st.booleans()):
        items = list(draw(st.permutations(value))) if draw(st.integers(0, 3)) == 0 else list(value)
        if items and draw(st.booleans()):
            at = draw(st.integers(0, len(items) - 1))
            items[at : at + draw(st.integers(0, 2))] = draw(st.lists(values, max_size=2))
        return [_edited(draw, item) for item in items]
    if isinstance(value, dict) and draw(st.booleans()):
        kept = {key: _edited(draw, each) for key, each in value.items() if draw(st.integers(0, 4))}
        return kept | draw(st.dictionaries(keys, values, max_size=1))
    return value if draw(st.integers(0, 3)) else draw(values)


def text_of(value: Any) -> str:
    """The canonical JSON text; two values are the same exactly if it is."""
    return canonical_json(value)


def told(left: Any, right: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    """Kind and path of each change."""
    return [(str(change.kind), change.path) for change in diff(left, right).changes]
