"""The edit script: everything that must be done to the left value to get the right one, and nothing told twice.

What a page shows is derived from it (`changes.py`), so what is shown and what happened cannot disagree.
"""

from dataclasses import dataclass

from msgspec import Struct

from telareview.tasks.diff.alignment import Aligner
from telareview.tasks.diff.identity import Identities
from telareview.tasks.diff.limits import Limits
from telareview.tasks.diff.order import Budget
from telareview.tasks.diff.values import Json, type_name

# Structs, as a script may have some hundred thousand parts, and a frozen dataclass takes eight times as long to make.


class Replace(Struct, frozen=True):
    """Put this value there instead."""

    value: Json
    #: Whether two objects or two lists are replaced whole only because they lie too deep or differ in too much.
    whole: bool = False


class EditObject(Struct, frozen=True):
    removed: tuple[str, ...]
    edited: "dict[str, Edit]"
    added: dict[str, Json]


class Keep(Struct, frozen=True):
    """Items of the left list from `start` up to, not including, `stop`."""

    start: int
    stop: int


class EditItem(Struct, frozen=True):
    """The left list's item at this position, edited."""

    position: int
    edit: "Edit"


class Insert(Struct, frozen=True):
    values: tuple[Json, ...]


class EditList(Struct, frozen=True):
    """The right list, part by part. What no part names was removed; what is named out of order was moved."""

    parts: tuple[Keep | EditItem | Insert, ...]
    #: Whether some of it was too large to align and was paired position by position.
    by_position: bool = False


type Edit = Replace | EditObject | EditList
type Script = Edit | None


def write_script(left: Json, right: Json, identities: Identities, limits: Limits) -> Script:
    """The script from left to right; None if they are the same."""
    if identities.same(left, right):
        return None
    return _Writer(identities, limits, Budget(limits.max_steps), Budget(limits.max_edits)).edit(left, right, 0)


@dataclass(frozen=True, slots=True)
class _Writer:
    identities: Identities
    limits: Limits
    steps: Budget
    edits: Budget

    def edit(self, left: Json, right: Json, depth: int) -> Edit:
        script: Edit | None = None
        if isinstance(left, dict) and isinstance(right, dict):
            script = self._object(left, right, depth) if depth < self.limits.max_depth else None
        elif isinstance(left, list) and isinstance(right, list):
            script = self._list(left, right, depth) if depth < self.limits.max_depth else None
        else:
            return Replace(right)
        return script or Replace(right, whole=True)

    def _object(self, left: dict[str, Json], right: dict[str, Json], depth: int) -> EditObject | None:
        same = self.identities.same
        differ: list[str] = []
        removed: list[str] = []
        for key, value in left.items():
            if key not in right:
                removed.append(key)
            elif not same(value, right[key]):
                differ.append(key)
        if not self.edits.take(len(differ)):
            return None
        edited = {key: self.edit(left[key], right[key], depth + 1) for key in differ}
        if len(left) - len(removed) == len(right):
            return EditObject(tuple(removed), edited, {})
        return EditObject(tuple(removed), edited, {key: value for key, value in right.items() if key not in left})

    def _list(self, left: list[Json], right: list[Json], depth: int) -> EditList | None:
        aligner = Aligner(left, right, self.identities, self.steps)
        if aligner.span > self.limits.max_edits or not self.edits.take(aligner.new):
            return None
        alignment = aligner.align()
        left_marks, right_marks = aligner.left_marks, aligner.right_marks
        parts: list[Keep | EditItem | Insert] = []
        j, end = 0, len(right)
        while j < end:
            i, start = alignment.sources[j], j
            j += 1
            if i is None:
                while j < end and alignment.sources[j] is None:
                    j += 1
                parts.append(Insert(tuple(right[start:j])))
            elif left_marks[i] != right_marks[start]:
                parts.append(EditItem(i, self.edit(left[i], right[start], depth + 1)))
            else:
                while j < end and alignment.sources[j] == (at := i + j - start) and left_marks[at] == right_marks[j]:
                    j += 1
                parts.append(Keep(i, i + j - start))
        return EditList(tuple(parts), alignment.by_position)


def apply_script(left: Json, script: Script) -> Json:
    """The right value. `left` must be the value the script was written for, else the result means nothing.

    New containers are made along the edited places only; the rest is shared with `left` and with the script.
    """
    if script is None:
        return left
    if isinstance(script, Replace):
        return script.value
    if isinstance(script, EditObject) and isinstance(left, dict):
        removed = set(script.removed)
        kept = {key: apply_script(value, script.edited.get(key)) for key, value in left.items() if key not in removed}
        return kept | script.added
    if isinstance(script, EditList) and isinstance(left, list):
        items: list[Json] = []
        for part in script.parts:
            if isinstance(part, Keep):
                items.extend(left[part.start : part.stop])
            elif isinstance(part, Insert):
                items.extend(part.values)
            else:
                items.append(apply_script(left[part.position], part.edit))
        return items
    raise TypeError(f"a script that edits another type than {type_name(left)}")
