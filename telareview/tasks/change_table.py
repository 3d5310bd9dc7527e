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
from telareview.tasks.raw_view import Leaf, escape_unsendable, leaf_of, show_value
from telareview.tasks.revision import Revision

#: Of one value; the whole stands under Raw.
MAX_SHOWN_CHARACTERS = 4_000
#: Of all values of one table; beyond it each is cut shorter, so that no page grows past what a browser shows at once.
MAX_SHOWN_IN_ALL = 400_000
MAX_SHOWN_BEYOND = 200
#: Steps for marking all lines of one page, about 1 µs each.
MARKING_STEPS = 200_000
#: Values that are the same, as rows; what is beyond them is counted.
MAX_UNCHANGED = 2_000
CUT = "…"
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
    def characters(self) -> int:
        """Of both values as shown."""
        return sum(len(text) for pieces in (self.before, self.after) for text, _differs in pieces or ())


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

    @property
    def unchanged_hidden(self) -> int:
        """Values that are the same, but too many to list."""
        return max(0, self.revision.unchanged - len(self.unchanged))


def change_table(revision: Revision, current: Json, correctors: Correctors = NOBODY) -> ChangeTable:
    """The table of `revision`; `current` is the content of the current output, `correctors` are people here."""
    budget = Budget(MARKING_STEPS)
    # A change that Tela tells no edit for came of some other edit, as where items of a list were shifted: who made all
    # edits made it too.
    sole = correctors.sole((edit.shown_path, edit.edited_at) for edit in _edits(revision))
    rows: list[ChangeRow] = []
    shown = 0
    for line in revision.lines:
        most = MAX_SHOWN_CHARACTERS if shown < MAX_SHOWN_IN_ALL else MAX_SHOWN_BEYOND
        rows.append(_row(line, budget, correctors, sole, most))
        shown += rows[-1].characters
    others = [_told(edit, correctors, put_back=True) for back in revision.put_back for edit in back.edits[-1:]]
    others += [_told(edit, correctors, put_back=False) for edit in revision.unmatched]
    complete = revision.comparable and not revision.difference.truncated
    unchanged = _unchanged(current, [line.change for line in revision.lines]) if complete else iter(())
    return ChangeTable(revision, rows, list(islice(unchanged, MAX_UNCHANGED)), others)


def _row(line: Line, budget: Budget, correctors: Correctors, sole: str, most: int) -> ChangeRow:
    change = line.change
    before, after = _shown(change.before, most), _shown(change.after, most)
    pieces: tuple[Marks | None, Marks | None]
    if before is None or after is None:
        pieces = (_whole(before), _whole(after))
    elif before == after:
        pieces = (((before, False),), ((after, False),))
    else:
        pieces = mark(before, after, budget=budget)
    return ChangeRow(
        path=escape_unsendable(line.path) or "—",
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
    return None if text is None else escape_unsendable(text)


def _came_from(change: Change) -> str:
    if change.kind is not Kind.MOVED or change.left_path is None:
        return ""
    return escape_unsendable(show_path(change.left_path))


def _shown(value: Json | Missing, most: int) -> str | None:
    if value is MISSING:
        return None
    text = show_value(value)
    return text if len(text) <= most else text[:most] + CUT


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
    return EditRow(escape_unsendable(edit.shown_path), author, edit.edited_at, put_back, person)


def _unchanged(current: Json, changes: list[Change]) -> Iterator[Leaf]:
    """The scalar values and empty containers outside the places that changed, in the order they stand."""
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
            yield leaf_of(escape_unsendable(show_path(path)), value)
