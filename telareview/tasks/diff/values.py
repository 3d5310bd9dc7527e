"""JSON values as the client decodes them, and the words for comparing two of them.

Whole numbers are `int`, all others `Decimal`, so that every digit survives; `float` is let through for
values that come from elsewhere. `bool` is no number here.
"""

from decimal import Decimal
from enum import Enum, StrEnum
from itertools import chain
from typing import Any, Final, Literal

type Json = bool | int | float | Decimal | str | list[Json] | dict[str, Json] | None
#: What a decoder returns: its type says no more, and a literal's type says too little (`dict` is invariant).
type Decoded = Any
type Path = tuple[str | int, ...]


class Missing(Enum):
    """The absence of a value, which differs from `null` and from an empty text."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING


class Kind(StrEnum):
    """What happened to a place in the value.

    CHANGED   another value of the same type, or a value where `null` was, or the other way round
    TYPE      another type: `true` → `1`, object → list, number → text that does not mean that number
    FORMATTING  the same value written differently: `150000` → `"R$ 150.000,00"`, `2026-12-01` → `01/12/2026`
    MOVED     a list item that is the same, or changed only inside, at another place among its neighbours
    """

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    TYPE = "type"
    FORMATTING = "formatting"
    MOVED = "moved"


type TypeName = Literal["null", "boolean", "number", "text", "object", "list"]

_TYPE_NAMES: Final[dict[type, TypeName]] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    float: "number",
    str: "text",
    dict: "object",
    list: "list",
}

_SCALARS: Final = _TYPE_NAMES.keys() - {dict, list}


def type_name(value: Json) -> TypeName:
    """The JSON type of a decoded value. Raises TypeError for anything that JSON cannot say."""
    try:
        return _TYPE_NAMES[type(value)]
    except KeyError:
        raise TypeError(f"{type(value).__name__} is no JSON value") from None


def count_leaves(value: Json) -> int:
    """How many leaves the value has: scalars, and containers that are empty. Does not recurse.

    Raises TypeError if there is anything in it that JSON cannot say.
    """
    if type(value) in _SCALARS:
        return 1
    leaves = 0
    level: list[Any] = [value]
    # All values of a level at once, in loops of the interpreter's own: a payload has some hundred thousand.
    while level:
        kinds = set(map(type, level))
        for kind in kinds - _TYPE_NAMES.keys():
            raise TypeError(f"{kind.__name__} is no JSON value")
        objects = [each for each in level if type(each) is dict] if dict in kinds else []
        lists = [each for each in level if type(each) is list] if list in kinds else []
        leaves += len(level) - sum(map(bool, objects)) - sum(map(bool, lists))
        level = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(lists)]
    return leaves
