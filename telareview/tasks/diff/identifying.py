"""Pairs objects of two lists by a key that identifies them, such as `id` or `codigo`, if they have one."""

from collections.abc import Sequence
from itertools import islice, pairwise

from telareview.tasks.diff.identity import Identities
from telareview.tasks.diff.values import Json, is_container

#: Keys whose name says that they identify. They win unless the items paired by another key are far more alike.
_IDENTIFYING_NAMES = frozenset({"id", "_id", "uuid", "guid", "key", "chave", "codigo", "código", "code", "sku", "ean"})
#: Keys of an object that are tried, and fields that are looked at to judge one.
MAX_KEYS_TRIED = 24
MAX_FIELDS_JUDGED = 2_000
#: Share of the shorter list that a key whose name says nothing must find again on the other side.
MIN_SHARED = 0.5


def identifying_pairs(left: Sequence[Json], right: Sequence[Json], identities: Identities) -> list[tuple[int, int]]:
    """Pairs of positions (left, right) of objects with the same value of the key; empty if no key will do.

    A key will do if every object on both sides has it, with a scalar that stands only once on its side, and it is no
    running number on both sides (1, 2, 3 may say where an item stands, not which it is). Of several, the one whose
    pairs have most fields in common. Linear in the lists.
    """
    first = right[0]
    if not isinstance(first, dict) or not all(isinstance(item, dict) for item in (*left, *right)):
        return []
    best: list[tuple[int, int]] = []
    best_score = 0.0
    for key in islice(first, MAX_KEYS_TRIED):
        named = key.lower() in _IDENTIFYING_NAMES or key.endswith(("_id", "Id", "ID"))
        lefts, rights = _values(left, key, identities), _values(right, key, identities)
        if not lefts or not rights:
            continue
        start = _runs_from(left, key)
        if start is not None and start == _runs_from(right, key):
            continue
        pairs = [(lefts[identity], j) for identity, j in rights.items() if identity in lefts]
        if not pairs or (not named and len(pairs) < MIN_SHARED * min(len(left), len(right))):
            continue
        score = _fields_in_common(pairs, left, right, identities) * (2 if named else 1)
        if score > best_score:
            best, best_score = pairs, score
    return best


def _values(items: Sequence[Json], key: str, identities: Identities) -> dict[int, int]:
    """Position by identity of the key's value; empty if it is not a scalar that stands once in every item."""
    places: dict[int, int] = {}
    keys: tuple[str, ...] = ()
    at = 0
    for position, item in enumerate(items):
        value = item.get(key) if isinstance(item, dict) else None
        if value is None or isinstance(value, bool) or is_container(value):
            return {}
        identity = identities.of(item)
        if identities.keys(identity) is not keys:
            keys = identities.keys(identity)
            at = keys.index(key)
        if places.setdefault(identities.children(identity)[at], position) != position:
            return {}
    return places


def _runs_from(items: Sequence[Json], key: str) -> int | None:
    """The first of the running numbers under this key; None if they are none."""
    numbers = [str(item[key]) for item in items if isinstance(item, dict)]
    if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
        return None
    if any(int(number) + 1 != int(following) for number, following in pairwise(numbers)):
        return None
    return int(numbers[0])


def _fields_in_common(
    pairs: list[tuple[int, int]], left: Sequence[Json], right: Sequence[Json], identities: Identities
) -> float:
    """Equal fields of a pair on average, over some of the pairs, weighed by how many pairs there are."""
    width = max(len(identities.keys(identities.of(right[pairs[0][1]]))), 1)
    judged = pairs[:: len(pairs) * width // MAX_FIELDS_JUDGED + 1]
    shared = 0
    for i, j in judged:
        one, other = identities.of(left[i]), identities.of(right[j])
        keys, other_keys = identities.keys(one), identities.keys(other)
        fields = zip(keys, identities.children(one), strict=True)
        shared += len(set(fields).intersection(zip(other_keys, identities.children(other), strict=True)))
    return shared / len(judged) * len(pairs)
