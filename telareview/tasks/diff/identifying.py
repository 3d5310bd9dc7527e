"""Pairs objects of two lists by a key that identifies them, such as `id` or `codigo`, if they have one."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

from telareview.tasks.diff.identity import Identities, Identity
from telareview.tasks.diff.values import Json

#: Keys whose name says that they identify. They win unless the items paired by another key are far more alike.
_IDENTIFYING_NAMES = frozenset({"id", "_id", "uuid", "guid", "key", "chave", "codigo", "código", "code", "sku", "ean"})
#: Types of a value that may identify.
_NAMING = frozenset({str, int, Decimal, float})
#: Keys of an object that are tried, and fields that are looked at to judge one.
MAX_KEYS_TRIED = 24
MAX_FIELDS_JUDGED = 2_000
#: Items of which a key is tried first: what says nothing mostly stands twice among them.
FIRST_LOOK = 500
#: Share of the shorter list that a key whose name says nothing must find again on the other side.
MIN_SHARED = 0.5


def identifying_pairs(left: Sequence[Json], right: Sequence[Json], identities: Identities) -> list[tuple[int, int]]:
    """Pairs of positions (left, right) of objects with the same value of the key; empty if no key will do.

    A key will do if every object on both sides has it, with a scalar that stands only once on its side, and it is no
    running number on both sides (1, 2, 3 may say where an item stands, not which it is). Of several, the one whose
    pairs have most fields in common. Linear in the lists.
    """
    objects, others = _objects(left), _objects(right)
    if not objects or not others:
        return []
    best: tuple[dict[Identity, int], dict[Identity, int]] = ({}, {})
    best_score = 0.0
    for key in islice(others[0], MAX_KEYS_TRIED):
        named = key.lower() in _IDENTIFYING_NAMES or key.endswith(("_id", "Id", "ID"))
        lefts = _places(objects, key, identities)
        rights = _places(others, key, identities) if lefts else {}
        if not rights:
            continue
        start = _runs_from(objects, key)
        if start is not None and start == _runs_from(others, key):
            continue
        shared = [mark for mark in rights if mark in lefts]
        if not shared or (not named and len(shared) < MIN_SHARED * min(len(left), len(right))):
            continue
        judged = shared[:: len(shared) * max(len(others[rights[shared[0]]]), 1) // MAX_FIELDS_JUDGED + 1]
        alike = sum(_fields_in_common(objects[lefts[mark]], others[rights[mark]], identities) for mark in judged)
        score = alike / len(judged) * len(shared) * (2 if named else 1)
        if score > best_score:
            best_score = score
            best = (lefts, rights)
    lefts, rights = best
    return [(lefts[mark], j) for mark, j in rights.items() if mark in lefts]


def _objects(items: Sequence[Json]) -> list[dict[str, Json]]:
    """The items, if all of them are objects; else none."""
    objects = [item for item in items if isinstance(item, dict)]
    return objects if len(objects) == len(items) else []


def _places(items: Sequence[dict[str, Json]], key: str, identities: Identities) -> dict[Identity, int]:
    """Position by mark of the key's value; empty if it is not a scalar that stands once in every item."""
    values = [item.get(key) for item in items]
    if not _NAMING.issuperset(map(type, values)):
        return {}
    marks = identities.of_each(values)
    if len(set(marks[:FIRST_LOOK])) < len(marks[:FIRST_LOOK]):
        return {}
    places = dict(zip(marks, range(len(items)), strict=True))
    return places if len(places) == len(items) else {}


def _runs_from(items: Sequence[dict[str, Json]], key: str) -> int | None:
    """The first of the running numbers under this key; None if they are none."""
    first = _counted(items[0][key])
    if first is None:
        return None
    return first if all(_counted(item[key]) == number for number, item in enumerate(items, first)) else None


def _counted(value: Json) -> int | None:
    number = str(value)
    return int(number) if len(number) < 10 and number.isascii() and number.isdigit() else None


def _fields_in_common(one: dict[str, Json], other: dict[str, Json], identities: Identities) -> int:
    return sum(identities.same(value, other[key]) for key, value in one.items() if key in other)
