"""Where in an output an edited field is. Tela shows one notation; these are all that may come."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

#: `[0]`, `["a.b"]`, `['a.b']`, a bare name, or the dot between two.
_PIECE = re.compile(r"""\[([0-9]+)\]|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]|([^.\[\]]+)|\.""")
_ESCAPED = re.compile(r"\\(.)")
#: A list position as people write it; `007` is a name, and so is a number no list is long enough for.
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def parse_path(raw: object) -> tuple[str | int, ...]:
    """The parts of a path: names as text, numeric parts as int. Never raises; `()` when it is no path at all.

    Reads `a.b`, `a[0].b`, `a.0.b`, `/a/0/b` (JSON pointer) and lists of parts. Whether a numeric part is a list
    position or the key of an object cannot be told from the path: look into the output, and try `str(part)` there.
    """
    if isinstance(raw, str):
        return _written(raw)
    if isinstance(raw, Sequence) and not isinstance(raw, (bytes, bytearray)):
        return _listed(raw)
    return ()


# The same few fields are corrected again and again.
@lru_cache(maxsize=4096)
def _written(text: str) -> tuple[str | int, ...]:
    return _pointer(text) if text.startswith("/") else _dotted(text)


def _pointer(text: str) -> tuple[str | int, ...]:
    return tuple(_part(part.replace("~1", "/").replace("~0", "~")) for part in text[1:].split("/"))


def _dotted(text: str) -> tuple[str | int, ...]:
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        found = _PIECE.match(text, position)
        if found is None:
            # A bracket that does not close, or an empty one: dots alone are certain.
            return tuple(_part(part) for part in text.split(".") if part)
        index, double_quoted, single_quoted, name = found.groups()
        if index is not None or name is not None:
            parts.append(_part(index or name))
        elif (quoted := double_quoted if double_quoted is not None else single_quoted) is not None:
            parts.append(_ESCAPED.sub(r"\1", quoted))
        position = found.end()
    return tuple(parts)


def _listed(parts: Sequence[object]) -> tuple[str | int, ...]:
    read: list[str | int] = []
    for part in parts:
        if isinstance(part, str):
            read.append(_part(part))
        elif isinstance(part, int) and not isinstance(part, bool):
            read.append(part)
        else:
            return ()
    return tuple(read)


def _part(text: str) -> str | int:
    return int(text) if _INDEX.fullmatch(text) else text
