"""Tells an edit script as changes by path, with counts."""

from collections import Counter

from telareview.tasks.diff.difference import Change, Counts, Difference
from telareview.tasks.diff.formatting import same_value
from telareview.tasks.diff.order import longest_rising
from telareview.tasks.diff.script import (
    Edit,
    EditItem,
    EditList,
    EditObject,
    Insert,
    Keep,
    Replace,
    Script,
    apply_script,
)
from telareview.tasks.diff.values import MISSING, Json, Kind, Missing, Path, count_leaves, type_name

#: Places kept of those that were compared coarsely.
MAX_COARSE_PLACES = 20


def tell(left: Json, script: Script, *, max_changes: int) -> Difference:
    """The difference that `script` makes to `left`."""
    teller = _Teller(max_changes)
    teller.unchanged = count_leaves(left)
    teller.tell(left, script, (), ())
    return Difference(
        changes=tuple(teller.changes),
        counts=_counts(teller.found),
        left_out=_counts(teller.found - Counter(change.kind for change in teller.changes)),
        unchanged=teller.unchanged,
        by_position=tuple(teller.by_position),
        as_whole=tuple(teller.as_whole),
        script=script,
    )


def _counts(found: Counter[Kind]) -> Counts:
    return Counts(**{kind.value: found[kind] for kind in Kind})


class _Teller:
    def __init__(self, max_changes: int) -> None:
        self.max_changes = max_changes
        self.changes: list[Change] = []
        self.found: Counter[Kind] = Counter()
        self.unchanged = 0
        self.by_position: list[Path] = []
        self.as_whole: list[Path] = []

    def tell(self, left: Json, script: Script, left_path: Path, path: Path) -> None:
        if isinstance(script, Replace):
            if script.whole and len(self.as_whole) < MAX_COARSE_PLACES:
                self.as_whole.append(path)
            self._replaced(left, script.value, left_path, path)
        elif isinstance(script, EditObject) and isinstance(left, dict):
            self._object(left, script, left_path, path)
        elif isinstance(script, EditList) and isinstance(left, list):
            self._list(left, script, left_path, path)

    def _inside(
        self, left: Json, edit: Edit, left_path: Path, left_part: str | int, path: Path, part: str | int
    ) -> None:
        if len(self.changes) >= self.max_changes and isinstance(edit, Replace) and not edit.whole:
            self._replaced(left, edit.value, left_path, path)  # only counted, so the full path is not worth making
        else:
            self.tell(left, edit, (*left_path, left_part), (*path, part))

    def _note(
        self, kind: Kind, path: Path, left_path: Path | None, before: Json | Missing, after: Json | Missing, leaves: int
    ) -> None:
        self.found[kind] += 1
        if len(self.changes) < self.max_changes:
            self.changes.append(Change(kind, path, left_path, before, after, leaves))

    def _added(self, value: Json, path: Path) -> None:
        self._note(Kind.ADDED, path, None, MISSING, value, count_leaves(value))

    def _removed(self, value: Json, path: Path, left_path: Path) -> None:
        leaves = count_leaves(value)
        self.unchanged -= leaves
        self._note(Kind.REMOVED, path, left_path, value, MISSING, leaves)

    def _replaced(self, before: Json, after: Json, left_path: Path, path: Path) -> None:
        self.unchanged -= count_leaves(before)
        self._note(_kind(before, after), path, left_path, before, after, count_leaves(after))

    def _object(self, left: dict[str, Json], script: EditObject, left_path: Path, path: Path) -> None:
        if not left:
            self.unchanged -= 1
        removed = set(script.removed)
        # What is edited stands in the order of the left, too.
        for key in left if removed else script.edited:
            if key in removed:
                self._removed(left[key], (*path, key), (*left_path, key))
            elif key in script.edited:
                self._inside(left[key], script.edited[key], left_path, key, path, key)
        for key, value in script.added.items():
            self._added(value, (*path, key))

    def _list(self, left: list[Json], script: EditList, left_path: Path, path: Path) -> None:
        if not left:
            self.unchanged -= 1
        if script.by_position and len(self.by_position) < MAX_COARSE_PLACES:
            self.by_position.append(path)
        sources = _sources(script)
        used = set(sources)
        in_order = {sources[at] for at in longest_rising(sources)}
        told = 0
        j = 0
        for part in script.parts:
            if isinstance(part, Insert):
                for value in part.values:
                    self._added(value, (*path, j))
                    j += 1
                continue
            if isinstance(part, Keep) and len(in_order) == len(sources):  # all at once, as there is nothing to tell
                self._gone(left, range(told, part.start), used, left_path, path)
                told = part.stop
                j += part.stop - part.start
                continue
            for i in _positions(part):
                if i in in_order:
                    self._gone(left, range(told, i), used, left_path, path)
                    told = i + 1
                edit = part.edit if isinstance(part, EditItem) else None
                if i not in in_order:
                    after = apply_script(left[i], edit)
                    self._note(Kind.MOVED, (*path, j), (*left_path, i), left[i], after, count_leaves(after))
                if edit is not None:
                    self._inside(left[i], edit, left_path, i, path, j)
                j += 1
        self._gone(left, range(told, len(left)), used, left_path, path)

    def _gone(self, left: list[Json], positions: range, used: set[int], left_path: Path, path: Path) -> None:
        for i in positions:
            if i not in used:
                self._removed(left[i], (*path, i), (*left_path, i))


def _positions(part: Keep | EditItem) -> range:
    return range(part.start, part.stop) if isinstance(part, Keep) else range(part.position, part.position + 1)


def _sources(script: EditList) -> list[int]:
    return [i for part in script.parts if not isinstance(part, Insert) for i in _positions(part)]


def _kind(before: Json, after: Json) -> Kind:
    if same_value(before, after):
        return Kind.FORMATTING
    if before is None or after is None or type_name(before) == type_name(after):
        return Kind.CHANGED
    return Kind.TYPE
