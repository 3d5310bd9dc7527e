"""Joins the edits that Tela tells with the changes that a comparison finds."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from telareview.tasks.diff import MISSING, Change, Difference, Json, Kind, Missing, Path, show_path
from telareview.tasks.diff.identity import Identities

#: What a path may begin with if it is not relative to the content of the output.
WRAPPERS: tuple[Path, ...] = (("outputContent", "content"), ("content",), ("outputContent",))
#: Longer numbers are no position in a list.
MAX_POSITION_DIGITS = 10

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

#: A path for comparing: whether a number is a list position or a key cannot be told from Tela's notation.
type _Key = tuple[str, ...]


class EditedField(Protocol):
    """A correction as the client of Tela reads it (`telareview.tela.records.EditedField`)."""

    @property
    def path(self) -> Path: ...
    @property
    def raw_path(self) -> Any: ...
    @property
    def author(self) -> str | None: ...
    @property
    def edited_at(self) -> datetime | None: ...
    @property
    def previous_value(self) -> Any: ...
    @property
    def has_previous(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Edit:
    """One correction, told with the value it left behind."""

    #: Below the content of the output; empty if Tela's notation could not be read.
    path: Path
    shown_path: str
    author: str | None
    edited_at: datetime | None
    #: MISSING if Tela does not tell it.
    previous: Json | Missing
    #: What the next edit of this path found, or what stands there now; MISSING if that is not known.
    became: Json | Missing


@dataclass(frozen=True, slots=True)
class Line:
    """One change with the edits that made it, oldest first; none if Tela tells none for it."""

    change: Change
    edits: tuple[Edit, ...] = ()

    @property
    def path(self) -> str:
        return show_path(self.change.path)

    @property
    def author(self) -> str | None:
        """Who edited it last."""
        return self.edits[-1].author if self.edits else None

    @property
    def edited_at(self) -> datetime | None:
        return self.edits[-1].edited_at if self.edits else None

    @property
    def previous_value(self) -> Json | Missing:
        """What stood there before the last edit, which is not the original if it was edited before."""
        return self.edits[-1].previous if self.edits else MISSING


@dataclass(frozen=True, slots=True)
class PutBack:
    """A field that was edited and now has its original value again."""

    path: str
    value: Json
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    lines: tuple[Line, ...]
    put_back: tuple[PutBack, ...]
    #: Edits whose path leads to no change and to no field that is the same in both outputs.
    unmatched: tuple[Edit, ...]
    #: Edits of changes that were too many to keep.
    left_out: int


def shown_path(field: EditedField) -> str:
    """The path as we write it; as Tela wrote it if it could not be read."""
    if field.path:
        return show_path(field.path)
    return field.raw_path if isinstance(field.raw_path, str) else ""


def join_edits(
    edited_fields: Sequence[EditedField], original: Json | Missing, current: Json, difference: Difference
) -> Joined:
    """Every edit once: at the changes it made, among what was put back, unmatched, or counted as left out.

    `original` is MISSING if it is not known; then no edit can be called put back.
    """
    identities = Identities()
    places = _Places(difference.changes, identities)
    at_change: defaultdict[int, list[Edit]] = defaultdict(list)
    put_back: list[PutBack] = []
    unmatched: list[Edit] = []
    left_out = 0
    for edits in _by_path(edited_fields, original, current):
        path = edits[0].path
        before, now = _look(original, path), _look(current, path)
        is_back = bool(path) and before is not MISSING and now is not MISSING and identities.same(before, now)
        found = places.at(path, edits[0].previous)
        if not found and not is_back:
            found = places.shifted_from(path, edits[0].previous)
        for position in found:
            at_change[position].extend(edits)
        if found:
            continue
        if is_back and now is not MISSING:
            put_back.append(PutBack(edits[0].shown_path, now, tuple(edits)))
        elif difference.truncated and path and before is not now:
            left_out += len(edits)
        else:
            unmatched.extend(edits)
    lines = (Line(change, tuple(_in_time(at_change[at]))) for at, change in enumerate(difference.changes))
    return Joined(tuple(lines), tuple(put_back), tuple(unmatched), left_out)


def _by_path(edited_fields: Iterable[EditedField], original: Json | Missing, current: Json) -> Iterable[list[Edit]]:
    """The edits of each path in the order of time, each with what it left behind."""
    groups: defaultdict[tuple[_Key, str], list[tuple[Path, EditedField]]] = defaultdict(list)
    for field in edited_fields:
        path = _below_content(field.path, original, current)
        groups[_key(path), "" if path else shown_path(field)].append((path, field))
    for group in groups.values():
        group.sort(key=lambda each: each[1].edited_at or _LONG_AGO)
        path = group[0][0]
        found: list[Json | Missing] = [f.previous_value if f.has_previous else MISSING for _, f in group]
        became = [*found[1:], _look(current, path) if path else MISSING]
        yield [
            Edit(path, show_path(path) or shown_path(f), f.author, f.edited_at, found[at], became[at])
            for at, (_, f) in enumerate(group)
        ]


def _in_time(edits: list[Edit]) -> list[Edit]:
    return sorted(edits, key=lambda edit: edit.edited_at or _LONG_AGO)


def _below_content(path: Path, original: Json | Missing, current: Json) -> Path:
    """The path without a wrapper's name in front, unless the output has a field of that name itself."""
    if _look(current, path[:1]) is MISSING and _look(original, path[:1]) is MISSING:
        for wrapper in WRAPPERS:
            if path[: len(wrapper)] == wrapper and len(path) > len(wrapper):
                return path[len(wrapper) :]
    return path


def _look(value: Json | Missing, path: Path) -> Json | Missing:
    """What stands at a path, a numeric part taken for a position or a key as the value has it."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(str(part), MISSING)
        elif isinstance(value, list) and _is_position(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def _is_position(part: str | int) -> bool:
    return str(part).isdecimal() and len(str(part)) < MAX_POSITION_DIGITS


def _key(path: Path) -> _Key:
    return tuple(map(str, path))


class _Places:
    """Finds changes, by their position in the difference, for the path of an edit."""

    def __init__(self, changes: Sequence[Change], identities: Identities) -> None:
        self.changes = changes
        self.identities = identities
        self._befores = [None if change.before is MISSING else identities.of(change.before) for change in changes]
        self._on_right: defaultdict[_Key, list[int]] = defaultdict(list)
        self._on_left: defaultdict[_Key, list[int]] = defaultdict(list)
        self._below: defaultdict[_Key, list[int]] = defaultdict(list)
        self._general: defaultdict[_Key, list[int]] = defaultdict(list)
        for position, change in enumerate(changes):
            right = _key(change.path)
            left = right if change.left_path is None else _key(change.left_path)
            self._on_right[right].append(position)
            self._on_left[left].append(position)
            for above in {*(right[:end] for end in range(len(right))), *(left[:end] for end in range(len(left)))}:
                self._below[above].append(position)
            if change.shifted:
                self._general[_general(right)].append(position)

    def at(self, path: Path, previous: Json | Missing) -> list[int]:
        """The change at the path; else all below it; else the added or removed part that it lies in."""
        key = _key(path)
        if not key:
            return []
        exact = list(dict.fromkeys([*self._on_right[key], *self._on_left[key]]))
        if len(exact) > 1:  # items were shifted: the old place of one change is the new place of another
            exact = self._with_before(exact, previous)[:1] or exact[:1]
        return exact or self._below[key] or self._around(key)

    def shifted_from(self, path: Path, previous: Json | Missing) -> list[int]:
        """The one change of this field in another item of a list whose items were shifted."""
        candidates = self._general[_general(_key(path))]
        if previous is not MISSING:
            candidates = self._with_before(candidates, previous)
        return candidates if len(candidates) == 1 else []

    def _around(self, key: _Key) -> list[int]:
        for end in range(len(key) - 1, 0, -1):
            for position in (*self._on_right[key[:end]], *self._on_left[key[:end]]):
                if self.changes[position].kind is not Kind.MOVED:
                    return [position]
        return []

    def _with_before(self, positions: list[int], previous: Json | Missing) -> list[int]:
        if previous is MISSING:
            return []
        identity = self.identities.of(previous)
        return [position for position in positions if self._befores[position] == identity]


def _general(key: _Key) -> _Key:
    return tuple("*" if part.isdecimal() else part for part in key)
