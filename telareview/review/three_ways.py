"""Two people changed the same output: what stood there, what Tela has now, and what was typed here, laid together.

Pure code. What only one side changed is taken from it; where both changed the same place differently, `mine` stays in
the draft and the place is told as a conflict.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from telareview.review.patch import same_json
from telareview.tasks.diff import MISSING, Json, Missing, Path

type Side = Literal["theirs", "mine", "both", "conflict"]


@dataclass(frozen=True, slots=True)
class Place:
    """One place in which the three are not the same. `side` says who changed it; `both`: to the same value."""

    path: Path
    base: Json | Missing
    theirs: Json | Missing
    mine: Json | Missing
    side: Side


@dataclass(frozen=True, slots=True)
class ThreeWays:
    places: tuple[Place, ...]
    #: `theirs` with my changes laid over it; MISSING only if all is gone.
    merged: Json | Missing

    @property
    def conflicts(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.side == "conflict")


def lay_together(base: Json, theirs: Json, mine: Json) -> ThreeWays:
    """The places in which three values differ, in the order of the document, and the merged value."""
    places: list[Place] = []
    merged = _lay(base, theirs, mine, (), places)
    return ThreeWays(tuple(places), merged)


def _lay(
    base: Json | Missing, theirs: Json | Missing, mine: Json | Missing, path: Path, places: list[Place]
) -> Json | Missing:
    if isinstance(base, dict) and isinstance(theirs, dict) and isinstance(mine, dict):
        laid = {
            key: _lay(base.get(key, MISSING), theirs.get(key, MISSING), mine.get(key, MISSING), (*path, key), places)
            for key in _keys(theirs, mine, base)
        }
        return {key: value for key, value in laid.items() if value is not MISSING}
    if (
        isinstance(base, list)
        and isinstance(theirs, list)
        and isinstance(mine, list)
        and len(base) == len(theirs) == len(mine)
    ):
        items = [_lay(*three, (*path, at), places) for at, three in enumerate(zip(base, theirs, mine, strict=True))]
        return [item for item in items if item is not MISSING]
    side = _who(base, theirs, mine)
    if side is None:
        return theirs
    places.append(Place(path, base, theirs, mine, side))
    return theirs if side == "theirs" else mine


def _keys(*objects: dict[str, Json]) -> Iterator[str]:
    return iter(dict.fromkeys(key for each in objects for key in each))


def _who(base: Json | Missing, theirs: Json | Missing, mine: Json | Missing) -> Side | None:
    """Who changed it; None when nobody did."""
    by_them, by_me = not same_json(base, theirs), not same_json(base, mine)
    if by_them and by_me:
        return "both" if same_json(theirs, mine) else "conflict"
    return "theirs" if by_them else "mine" if by_me else None
