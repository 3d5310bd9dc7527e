"""Everything that was done to a world, in a file, so that the same world stands there after a restart.

The seeded part is told again from its seed; the file holds only the verbs, one JSON array a line:
`[verb, [arguments], {named arguments}]`, after a first line that says which world they belong to.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from threading import RLock
from typing import Any, Concatenate, Protocol, cast

from telareview.sandbox.wire import dumps, loads


class Recorded(Protocol):
    lock: RLock
    journal: "Journal | None"

    def stamp(self, at: Any) -> int: ...


def recorded[World: Recorded, **Rest, Given](
    verb: Callable[Concatenate[World, Rest], Given],
) -> Callable[Concatenate[World, Rest], Given]:
    """A verb that decides its instant first and is written down once it has happened."""

    @wraps(verb)
    def happen(world: World, *args: Rest.args, **named: Rest.kwargs) -> Given:
        with world.lock:
            at = world.stamp(named.get("at"))
            given = cast(Any, verb)(world, *args, **{**named, "at": at})
            if world.journal is not None:
                world.journal.write(verb.__name__, args, {**named, "at": at})
            return cast(Given, given)

    return happen


class Journal:
    """Raises ValueError when the file belongs to another world."""

    def __init__(self, path: Path, *, tasks: int, seed: int, calm: bool, anchor: int) -> None:
        world = {"tasks": tasks, "seed": seed, "calm": calm}
        lines = list(_whole_lines(path))
        if lines:
            head = lines[0]
            if not isinstance(head, dict) or {**head, "anchor": 0} != {**world, "anchor": 0}:
                raise ValueError(f"{path} holds another world: {head}")
            anchor = head["anchor"]
        #: The moment the seeded lives of this world end, milliseconds since 1970.
        self.anchor: int = anchor
        self.past: list[tuple[str, list[Any], dict[str, Any]]] = [tuple(line) for line in lines[1:]]
        path.parent.mkdir(parents=True, exist_ok=True)
        kept: list[Any] = [{**world, "anchor": anchor}, *self.past]
        path.write_bytes(b"".join(dumps(line) + b"\n" for line in kept))
        self._file = path.open("ab", buffering=0)

    def write(self, verb: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._file.write(dumps([verb, args, named]) + b"\n")

    def close(self) -> None:
        self._file.close()


def _whole_lines(path: Path) -> Iterator[Any]:
    """Stops at a line that a killed process left unfinished."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            return
        yield loads(line)
