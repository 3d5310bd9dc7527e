"""A payload as text people can read, with every digit, `\\u0000` and lone surrogate as Tela sent it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import simplejson

#: Larger payloads are shown in part, with the whole as a download: a browser stalls on megabytes of text.
MAX_SHOWN_CHARACTERS = 200_000
UNSENDABLE = re.compile("[\ud800-\udfff\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class RawView:
    text: str
    #: Characters of the whole; more than are in `text` when it was cut.
    length: int

    @property
    def cut(self) -> bool:
        return self.length > len(self.text)


def show_raw(value: Any) -> RawView:
    """`value` (decoded, decimals as Decimal) indented; letters readable, what no page can carry as `\\u` escapes."""
    text = simplejson.dumps(value, use_decimal=True, sort_keys=True, indent=2, ensure_ascii=False)
    return RawView(UNSENDABLE.sub(_escaped, text[:MAX_SHOWN_CHARACTERS]), len(text))


def escape_unsendable(text: str) -> str:
    """`text` with what no page can carry as `\\u` escapes."""
    return UNSENDABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a payload for a two-column table: where it stands and what it says."""

    path: str
    shown: str
    kind: str


def show_value(value: Any) -> str:
    """One JSON value in a cell: text as it is, everything else as JSON; escapes as in `show_raw`."""
    if isinstance(value, str):
        return escape_unsendable(value)
    return escape_unsendable(simplejson.dumps(value, use_decimal=True, sort_keys=True, ensure_ascii=False))


def leaves(value: Any, path: str = "", limit: int = 2000) -> Iterator[Leaf]:
    """The scalar values in the order they stand, at most `limit`; empty lists and objects are values too."""
    stack: list[tuple[str, Any]] = [(path, value)]
    given = 0
    while stack and given < limit:
        where, each = stack.pop()
        if isinstance(each, dict) and each:
            stack.extend((f"{where}.{key}" if where else str(key), part) for key, part in reversed(each.items()))
        elif isinstance(each, list) and each:
            stack.extend((f"{where}[{index}]", part) for index, part in reversed(list(enumerate(each))))
        else:
            given += 1
            yield leaf_of(escape_unsendable(where), each)


def leaf_of(path: str, value: Any) -> Leaf:
    """The leaf for one scalar or empty container; `path` as it is to be shown."""
    kind = "null" if value is None else "empty" if value == "" else type(value).__name__
    return Leaf(path, show_value(value), kind)
