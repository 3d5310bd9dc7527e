"""One number per distinct JSON value, so that whole subtrees are compared by comparing two integers."""

import re
from collections.abc import Iterable
from decimal import Decimal

from telareview.tasks.diff.values import Json, is_container

_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,4000}")
_NULL, _FALSE, _TRUE = 0, 1, 2


class Identities:
    """Numbers JSON values: two get the same number exactly if their canonical JSON text is the same.

    Canonical means: key order and white space do not count, every digit does (`1`, `1.0` and `true` are three
    values). Numbers are dense from 0 and valid for this object only. The work is linear in the size of what is
    asked about and does not recurse, so neither size nor depth of a payload can hurt. Values must not be changed
    while this object is in use.
    """

    def __init__(self) -> None:
        self._held: list[Json] = []  # `id()` stays unique only while the object lives
        self._by_object: dict[int, int] = {}
        self._texts: dict[str, int] = {}
        self._integers: dict[int, int] = {}
        self._decimals: dict[str, int] = {}
        self._lists: dict[tuple[int, ...], int] = {}
        self._objects: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
        self._sorted_keys: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._keys: dict[int, tuple[str, ...]] = {}
        self._children: list[tuple[int, ...]] = [(), (), ()]
        self._leaves: list[int] = [1, 1, 1]

    def of(self, value: Json) -> int:
        """The number of this value. Raises TypeError if it holds something that JSON cannot say."""
        if type(value) is dict or type(value) is list:
            known = self._by_object.get(id(value))
            if known is None:
                self._held.append(value)
                self._learn(value)
                known = self._by_object[id(value)]
            return known
        return self._scalar(value)

    def leaves(self, value: Json) -> int:
        """How many leaves the value has: scalars, and containers that are empty."""
        return self._leaves[self.of(value)] if is_container(value) else 1

    def children(self, identity: int) -> tuple[int, ...]:
        """Numbers of the items of a list, or of the values of an object in the order of `keys`."""
        return self._children[identity]

    def keys(self, identity: int) -> tuple[str, ...]:
        """The sorted keys of an object; none if the value is no object."""
        return self._keys.get(identity, ())

    def _new(self, children: tuple[int, ...]) -> int:
        self._children.append(children)
        leaves = self._leaves
        leaves.append(sum(map(leaves.__getitem__, children)) or 1)
        return len(leaves) - 1

    def _scalar(self, value: Json) -> int:
        if value is None:
            return _NULL
        if type(value) is bool:
            return _TRUE if value else _FALSE
        if type(value) is str:
            known = self._texts.get(value)
            if known is None:
                known = self._texts[value] = self._new(())
        elif type(value) is int:
            known = self._integers.get(value)
            if known is None:
                known = self._integers[value] = self._new(())
        elif type(value) is Decimal or type(value) is float:
            text = str(value)
            known = self._decimals.get(text)
            if known is None:
                # `1e0` is decoded to Decimal("1"), whose canonical text is that of the whole number.
                whole = _PLAIN_INTEGER.fullmatch(text)
                known = self._decimals[text] = self._scalar(int(text)) if whole else self._new(())
        else:
            raise TypeError(f"{type(value).__name__} is no JSON value")
        return known

    def _learn(self, root: list[Json] | dict[str, Json]) -> None:
        by_object = self._by_object
        containers = [root]
        for container in containers:  # grows while it is walked: parents always stand before their children
            for value in container.values() if isinstance(container, dict) else container:
                if (type(value) is dict or type(value) is list) and id(value) not in by_object:
                    containers.append(value)
        for container in reversed(containers):
            by_object[id(container)] = self._object(container) if isinstance(container, dict) else self._list(container)

    def _object(self, value: dict[str, Json]) -> int:
        met = tuple(value)
        keys = self._sorted_keys.get(met)
        if keys is None:
            keys = self._sorted_keys[met] = tuple(sorted(met))
        children = self._identities(map(value.__getitem__, keys))
        known = self._objects.get((keys, children))
        if known is None:
            known = self._objects[keys, children] = self._new(children)
            self._keys[known] = keys
        return known

    def _identities(self, values: Iterable[Json]) -> tuple[int, ...]:
        texts, integers, by_object, scalar = self._texts, self._integers, self._by_object, self._scalar
        found: list[int] = []
        for value in values:
            if type(value) is str:
                known = texts.get(value)
                found.append(scalar(value) if known is None else known)
            elif type(value) is int:
                known = integers.get(value)
                found.append(scalar(value) if known is None else known)
            elif type(value) is dict or type(value) is list:
                found.append(by_object[id(value)])
            else:
                found.append(scalar(value))
        return tuple(found)

    def _list(self, value: list[Json]) -> int:
        children = self._identities(value)
        known = self._lists.get(children)
        if known is None:
            known = self._lists[children] = self._new(children)
        return known
