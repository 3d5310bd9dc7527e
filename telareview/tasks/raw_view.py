"""A payload as text people can read, with every digit, `\\u0000` and lone surrogate as Tela sent it."""

import re
from dataclasses import dataclass
from typing import Any

import simplejson

#: Larger payloads are shown in part, with the whole as a download: a browser stalls on megabytes of text.
MAX_SHOWN_CHARACTERS = 200_000
UNSENDABLE = re.compile("[\ud800-\udfff\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class RawView:
    text: str
    #: Whether it goes on.
    cut: bool


def show_raw(value: Any) -> RawView:
    """`value` (decoded, decimals as Decimal) indented; letters readable, what no page can carry as `\\u` escapes.

    No more of it is written than is shown: indenting five megabytes takes seconds.
    """
    written, length = [], 0
    for piece in _INDENTED.iterencode(value):
        written.append(piece)
        length += len(piece)
        if length > MAX_SHOWN_CHARACTERS:
            break
    return RawView(escape_unsendable("".join(written)[:MAX_SHOWN_CHARACTERS]), length > MAX_SHOWN_CHARACTERS)


def escape_unsendable(text: str) -> str:
    """`text` with what no page can carry as `\\u` escapes."""
    return UNSENDABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def json_text(value: Any) -> str:
    """One JSON value on one line."""
    return simplejson.dumps(value, use_decimal=True, sort_keys=True, ensure_ascii=False)


def show_value(value: Any) -> str:
    """One JSON value in a cell, whole: text as it is, everything else as JSON; escapes as in `show_raw`."""
    return escape_unsendable(value if isinstance(value, str) else json_text(value))


_INDENTED = simplejson.JSONEncoder(use_decimal=True, sort_keys=True, indent=2, ensure_ascii=False)
