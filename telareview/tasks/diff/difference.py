"""What one comparison found."""

from dataclasses import dataclass

from telareview.tasks.diff.script import Script
from telareview.tasks.diff.values import Json, Kind, Missing, Path


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs. A subtree that was added or removed is one change.

    `path` is where it stands on the right side; for what was removed, where it would stand: the place of its parent
    on the right and its own key or position on the left. `left_path` is where it stands on the left, None if added.
    """

    kind: Kind
    path: Path
    left_path: Path | None
    before: Json | Missing
    after: Json | Missing
    #: Scalars and empty containers in it (of `after`, or of `before` if it was removed).
    leaves: int

    @property
    def shifted(self) -> bool:
        """Whether it stands elsewhere on the left, because items before it came or went, or it was moved."""
        return self.left_path is not None and self.left_path != self.path


@dataclass(frozen=True, slots=True)
class Counts:
    """Changes by kind."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    type: int = 0
    formatting: int = 0
    moved: int = 0

    @property
    def total(self) -> int:
        return self.added + self.removed + self.altered + self.moved

    @property
    def altered(self) -> int:
        """Places with a value on both sides that differs in value, type or formatting."""
        return self.changed + self.type + self.formatting


@dataclass(frozen=True, slots=True)
class Difference:
    """How to get from the left value to the right one, and how to tell it to a person."""

    #: In the order of the document, at most `Limits.max_changes`.
    changes: tuple[Change, ...]
    #: Of all changes, kept or not.
    counts: Counts
    #: Of the changes that were too many to keep.
    left_out: Counts
    #: Scalars and empty containers that are the same on both sides, wherever they stand.
    unchanged: int
    #: Lists (right side) that were too large to align throughout, so that parts were paired position by position.
    by_position: tuple[Path, ...]
    #: Objects and lists (right side) that lie too deep or differ in too much to look inside; each is one change.
    as_whole: tuple[Path, ...]
    script: Script

    @property
    def truncated(self) -> bool:
        return self.left_out.total > 0

    @property
    def same(self) -> bool:
        return self.script is None
