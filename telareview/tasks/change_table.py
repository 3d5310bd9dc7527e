"""What a reviewer changed, as the rows of a table: where, what it was, what it is, by whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview.accounts.pseudonyms import person_shown
from telareview.tasks.acts import Correctors
from telareview.tasks.diff import MISSING, Change, Json, Kind, Marks, Missing, Path, mark, show_path
from telareview.tasks.diff.order import Budget
from telareview.tasks.edits import Edit, Line
from telareview.tasks.leaves import Leaf, leaf_of
from telareview.tasks.revision import Revision
from telareview.tasks.room import Room, shown_place

#: Steps for marking all lines of one page, about 1 µs each.
MARKING_STEPS = 200_000
#: Values that are the same, as rows; what is beyond them is counted.
MAX_UNCHANGED = 2_000
#: Of corrections that left no difference, as rows.
MAX_OTHERS = 200
#: Markup around a piece of text that differs.
TAGS = "<ins></ins>"
#: In the narrowest column a value of this length fits its cell.
SCROLLING_CHARACTERS = 300
NOBODY = Correctors()

KIND_WORDS: dict[Kind, Promise] = {
    Kind.CHANGED: _("changed"),
    Kind.ADDED: _("added"),
    Kind.REMOVED: _("removed"),
    Kind.TYPE: _("other type"),
    Kind.FORMATTING: _("formatting"),
    Kind.MOVED: _("moved"),
}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change. `before` and `after` are pieces of text, True where they differ; None where there is no value."""

    path: str
    kind: Kind
    word: Promise
    before: Marks | None
    after: Marks | None
    #: Where it stood before, if that is elsewhere.
    came_from: str
    author: str | None
    edited_at: datetime | None
    #: Corrections of this place; more than one when it was corrected again.
    edits: int
    #: Who corrected it from here last; "" when that was done elsewhere.
    person: str = ""

    @property
    def before_scrolls(self) -> bool:
        """Whether the value may be higher than its cell, so that a keyboard has to get at it."""
        return _length(self.before) > SCROLLING_CHARACTERS

    @property
    def after_scrolls(self) -> bool:
        return _length(self.after) > SCROLLING_CHARACTERS


@dataclass(frozen=True, slots=True)
class EditRow:
    """A correction that Tela tells, but that leads to no change between the two outputs."""

    path: str
    author: str | None
    edited_at: datetime | None
    put_back: bool
    #: Who made it from here; "" when that was done elsewhere.
    person: str = ""


@dataclass(frozen=True, slots=True)
class ChangeTable:
    revision: Revision
    rows: list[ChangeRow]
    #: Values that are the same in both outputs; empty where the changes were too many to tell them apart.
    unchanged: list[Leaf]
    others: list[EditRow]
    #: Corrections that left no difference, but are too many to list.
    others_hidden: int
    #: Values that are not shown to their end.
    shortened: int

    @property
    def unchanged_hidden(self) -> int:
        """Values that are the same, but too many to list."""
        return max(0, self.revision.unchanged - len(self.unchanged))


def change_table(revision: Revision, current: Json, correctors: Correctors = NOBODY) -> ChangeTable:
    """The table of `revision`; `current` is the content of the current output, `correctors` are people here."""
    budget, room = Budget(MARKING_STEPS), Room()
    # A change that Tela tells no edit for came of some other edit, as where items of a list were shifted: who made all
    # edits made it too.
    sole = correctors.sole((edit.shown_path, edit.edited_at) for edit in _edits(revision))
    rows = [_row(line, budget, correctors, sole, room) for line in revision.lines]
    told = [(back.edits[-1], True) for back in revision.put_back if back.edits]
    told += [(edit, False) for edit in revision.unmatched]
    others = [_told(edit, correctors, put_back=put_back) for edit, put_back in told[:MAX_OTHERS]]
    complete = revision.comparable and not revision.difference.truncated
    same = _unchanged(current, [line.change for line in revision.lines]) if complete else iter(())
    unchanged = [leaf_of(shown_place(show_path(path)), value, room) for path, value in islice(same, MAX_UNCHANGED)]
    return ChangeTable(revision, rows, unchanged, others, len(told) - len(others), room.shortened)


def _row(line: Line, budget: Budget, correctors: Correctors, sole: str, room: Room) -> ChangeRow:
    change, most = line.change, room.most
    before, after = _shown(change.before, room, most), _shown(change.after, room, most)
    pieces: tuple[Marks | None, Marks | None]
    if before is None or after is None:
        pieces = (_whole(before), _whole(after))
    elif before == after:
        pieces = (((before, False),), ((after, False),))
    else:
        pieces = mark(before, after, budget=budget)
    for text, differs in (*(pieces[0] or ()), *(pieces[1] or ())):
        room.take(text + TAGS if differs else text)
    return ChangeRow(
        path=shown_place(line.path) or "—",
        kind=change.kind,
        word=KIND_WORDS[change.kind],
        before=pieces[0],
        after=pieces[1],
        came_from=_came_from(change),
        author=_sendable(person_shown(line.author)),
        edited_at=line.edited_at,
        edits=len(line.edits),
        person=_person(line, correctors) or ("" if line.edits else person_shown(sole)),
    )


def _person(line: Line, correctors: Correctors) -> str:
    if not line.edits:
        return person_shown(correctors.of(line.path, None))
    return person_shown(correctors.of(line.edits[-1].shown_path, line.edits[-1].edited_at))


def _sendable(text: str | None) -> str | None:
    return None if text is None else shown_place(text)


def _came_from(change: Change) -> str:
    if change.kind is not Kind.MOVED or change.left_path is None:
        return ""
    return shown_place(show_path(change.left_path))


def _shown(value: Json | Missing, room: Room, most: int) -> str | None:
    return None if value is MISSING else room.cut(value, most)


def _length(pieces: Marks | None) -> int:
    return sum(len(text) for text, _differs in pieces or ())


def _whole(text: str | None) -> Marks | None:
    return None if text is None else ((text, True),)


def _edits(revision: Revision) -> Iterator[Edit]:
    for line in revision.lines:
        yield from line.edits
    for back in revision.put_back:
        yield from back.edits
    yield from revision.unmatched


def _told(edit: Edit, correctors: Correctors, *, put_back: bool) -> EditRow:
    person = person_shown(correctors.of(edit.shown_path, edit.edited_at))
    author = _sendable(person_shown(edit.author))
    return EditRow(shown_place(edit.shown_path), author, edit.edited_at, put_back, person)


def _unchanged(current: Json, changes: list[Change]) -> Iterator[tuple[Path, Json]]:
    """Places and the scalar values and empty containers outside the places that changed, in the order they stand."""
    # What was removed stands nowhere any more: at its path there may be another value, or an emptied container above.
    changed = {change.path for change in changes if change.kind is not Kind.REMOVED}
    emptied = {change.path[:-1] for change in changes if change.kind is Kind.REMOVED}
    stack: list[tuple[Path, Json]] = [((), current)]
    while stack:
        path, value = stack.pop()
        if path in changed:
            continue
        if isinstance(value, dict) and value:
            stack.extend(((*path, key), part) for key, part in reversed(value.items()))
        elif isinstance(value, list) and value:
            stack.extend(((*path, position), part) for position, part in reversed(list(enumerate(value))))
        elif not (path in emptied and isinstance(value, dict | list)):
            yield path, value
