"""Which JSON values are the same: one mark per distinct value, so that items of lists are compared by their marks."""

import re
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from hashlib import blake2b
from itertools import chain
from typing import cast

import msgspec

from telareview.tasks.diff.values import Json

#: What stands for a value: texts, whole numbers and null are their own mark, all others have one in octets.
type Identity = str | int | bytes | None
type _Container = list[Json] | dict[str, Json]

#: Longer marks are hashed: the text of a list is as long as the list.
MAX_MARK_OCTETS = 400

_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,4000}")
#: Equal values of these types are the same value (`True == 1`, and `1 == Decimal("1.0")`, are not).
_OWN_MARKS = frozenset({str, int, type(None)})
#: What may stand in a container that is written in one go; the encoder writes a float as it does a Decimal.
_WRITTEN = frozenset({str, int, Decimal, bool, type(None)})
#: They begin no JSON text.
_NUMBERED, _HASHED, _FLOAT = b"#", b"=", b"~"

_write = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


class Identities:
    """Marks JSON values: two get the same mark exactly if their canonical JSON text is the same.

    Canonical means: key order and white space do not count, every digit does (`1`, `1.0` and `true` are three
    values). A float, which no decoder of ours makes, may be told apart from a Decimal of the same digits. Marks are
    valid for this object only. The work is linear in the size of what is asked about and does not recurse, so neither
    size nor depth of a payload can hurt. Values must not be changed while this object is in use.

    Nearly all values of a payload stand in objects and lists without others inside. The encoder writes those in one
    go, and the text is the mark: a tenth of what it takes to walk them here.
    """

    def __init__(self) -> None:
        self._held: list[Json] = []  # `id()` stays unique only while the object lives
        self._marks: dict[int, bytes] = {}
        self._numbers: dict[Hashable, bytes] = {}

    def of(self, value: Json) -> Identity:
        """The mark of this value. Raises TypeError if it holds something that JSON cannot say."""
        if type(value) is dict or type(value) is list:
            known = self._marks.get(id(value))
            if known is None:
                self._held.append(value)
                self._learn(value)
                known = self._marks[id(value)]
            return known
        return _of_scalar(value)

    def of_each(self, values: Sequence[Json]) -> Sequence[Identity]:
        """The marks of these values."""
        kinds = set(map(type, values))
        if kinds <= _OWN_MARKS:
            return cast("Sequence[Identity]", values)
        if kinds == {dict} and _WRITTEN.issuperset(map(type, chain.from_iterable(map(dict.values, values)))):  # type: ignore[arg-type]
            try:
                return [_mark(text) for text in map(_write, values)]
            except UnicodeEncodeError:
                pass
        return list(map(self.of, values))

    def same(self, one: Json, other: Json) -> bool:
        """Whether two values have the same canonical JSON text. What differs is mostly told at once."""
        if one is other:
            return True
        try:
            # What is equal may still differ in a digit, or be `true` and 1; what is not equal differs.
            return one == other and _write(one) == _write(other)
        except (UnicodeEncodeError, RecursionError):
            return self.of(one) == self.of(other)

    def _learn(self, root: _Container) -> None:
        marks = self._marks
        met = [root]
        nesting: list[_Container] = []
        for container in met:  # grows while it is walked: parents always stand before their children
            values = container.values() if isinstance(container, dict) else container
            mark = _written(container) if _WRITTEN.issuperset(map(type, values)) else None
            if mark is not None:
                marks[id(container)] = mark
                continue
            nesting.append(container)
            for value in values:
                if (type(value) is dict or type(value) is list) and id(value) not in marks:
                    met.append(value)
        for container in reversed(nesting):
            marks[id(container)] = self._of_nesting(container)

    def _of_nesting(self, container: _Container) -> bytes:
        """What holds containers, whose marks are known, gets a number for the marks of all it holds."""
        keys = tuple(sorted(container)) if isinstance(container, dict) else None
        values: Iterable[Json] = container if isinstance(container, list) else map(container.__getitem__, keys or ())
        marks = self._marks
        parts = tuple(
            marks[id(value)] if type(value) is dict or type(value) is list else _of_scalar(value) for value in values
        )
        known = self._numbers.get((keys, parts))
        if known is None:
            known = self._numbers[keys, parts] = _NUMBERED + str(len(self._numbers)).encode()
        return known


def _written(container: _Container) -> bytes | None:
    """The mark of a container that holds scalars only; None if UTF-8 cannot say it, as half of a surrogate pair."""
    try:
        return _mark(_write(container))
    except UnicodeEncodeError:
        return None


def _mark(text: bytes) -> bytes:
    return text if len(text) <= MAX_MARK_OCTETS else _HASHED + blake2b(text, digest_size=32).digest()


def _of_scalar(value: Json) -> Identity:
    if value is None or type(value) is str or type(value) is int:
        return value
    if type(value) is bool:
        return b"true" if value else b"false"
    if type(value) is Decimal:
        # `1e0` is decoded to Decimal("1"), whose canonical text is that of the whole number.
        text = str(value)
        return int(text) if _PLAIN_INTEGER.fullmatch(text) else text.encode()
    if type(value) is float:
        return _FLOAT + repr(value).encode()
    raise TypeError(f"{type(value).__name__} is no JSON value")
