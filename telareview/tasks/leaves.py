"""The values of a payload as the rows of a table: where each stands and what it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from telareview.tasks.room import MAX_PATH_CHARACTERS, Room, shown_place

#: Rows of one table; what is beyond them is counted.
MAX_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value for a two-column table."""

    path: str
    shown: str
    kind: str


@dataclass(frozen=True, slots=True)
class LeafTable:
    rows: list[Leaf]
    #: Values there are; more than rows where they were too many.
    count: int
    #: Values that are not shown to their end.
    shortened: int

    @property
    def is_whole(self) -> bool:
        return self.count == len(self.rows) and not self.shortened


def leaf_table(value: Any, limit: int = MAX_ROWS) -> LeafTable:
    """The first `limit` values; the work beyond them is counting."""
    room = Room()
    rows = [leaf_of(shown_place(path), each, room) for path, each in islice(walk(value), limit)]
    return LeafTable(rows, len(rows) if len(rows) < limit else count_leaves(value), room.shortened)


def leaf_of(path: str, value: Any, room: Room) -> Leaf:
    """The leaf for one scalar or empty container; `path` as it is to be shown."""
    kind = "null" if value is None else "empty" if value == "" else type(value).__name__
    return Leaf(path, room.show(value), kind)


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """The scalar values with their paths, in the order they stand; empty lists and objects are values too.

    One at a time: a list of 100,000 items costs what is taken of it, not a path for each.
    """
    stack = [iter([("", value)])]
    while stack:
        where, each = next(stack[-1], (None, None))
        if where is None:
            stack.pop()
        elif isinstance(each, dict | list) and each:
            stack.append(_parts(where, each))
        else:
            yield where, each


def count_leaves(value: Any) -> int:
    """How many values `walk` gives."""
    count, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        parts = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        if not parts:
            count += 1
        for part in parts:
            if isinstance(part, dict | list):
                waiting.append(part)
            else:
                count += 1
    return count


def _parts(where: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        return ((_below(where, f"[{at}]"), part) for at, part in enumerate(value))
    return ((_below(where, f".{_key(key)}" if where else _key(key)), part) for key, part in value.items())


def _key(key: str) -> str:
    return key[: MAX_PATH_CHARACTERS + 1]


def _below(where: str, part: str) -> str:
    """Nothing is added to a path that will be cut anyway: below a key of megabytes there may be thousands."""
    return where if len(where) > 2 * MAX_PATH_CHARACTERS else where + part
