"""The cells of the list, as markup made in Python.

A template walked 4,500 look-ups for a page of fifty rows, two thirds of its whole time; these functions take a tenth
of that. Every text from Tela goes through `escape`, here and nowhere else.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from telareview.accounts.pseudonyms import person_shown
from telareview.tasks.room import shown_name
from telareview.web.direction import escape
from telareview.web.templatetags.formats import duration, instant_element, middle_cut, short_id
from telareview.web.times import MISSING, number_text

if TYPE_CHECKING:
    from telareview.tasks.listing import Row

#: Characters of an edited path in the list; the whole stands in the title.
PATH_CHARACTERS = 28
TITLE_CHARACTERS = 2_000
#: The rest is counted.
TAGS_SHOWN = 20


def table_rows(rows: Iterable["Row"]) -> SafeString:
    """The `<tr>`s of a page: for each task its `<td>`s (and the name's `<th>`) in the order of the row's keys."""
    return mark_safe("".join([_table_row(row) for row in rows]))  # noqa: S308  # nosec B308 B703 - each cell escapes


def _table_row(row: "Row") -> str:
    kind = f"{'is-fresh' if row.is_fresh else ''}{' is-gone' if row.task.gone_at else ''}"
    cells = "".join([CELLS[key](row) for key in row.keys])
    return f'<tr id="t-{row.task.task_id}" class="{kind}">{cells}</tr>\n'


def _name(row: "Row") -> str:
    name = shown_name(row.task.name)
    shown = escape(name) if name else f'<span class="quiet">{short_id(row.task.task_id)}</span>'
    if row.task.erasure and not name:
        sentence = _("Erased under request %(number)d") % {"number": row.task.erasure}
        shown = f'<span class="quiet">{escape(sentence)}</span>'
    link = f'<a href="{escape(row.address)}" data-row-link title="{escape(name or "")}">{shown}</a>'
    return f'<th scope="row" class="name">{link}</th>'


def _nothing(row: "Row", *, was_there: bool = True) -> str:
    """What stands in an empty cell: that something was erased is no emptiness."""
    return f'<span class="quiet">{escape(_("erased"))}</span>' if row.task.erasure and was_there else MISSING


def _reference(row: "Row") -> str:
    reference = row.task.reference
    return f'<td class="ref">{MISSING if reference is None else number_text(reference, row.reading.language)}</td>'


def _status(row: "Row") -> str:
    if row.task.gone_at:
        return f'<td class="state"><span class="s gone">{escape(_("Gone"))}</span></td>'
    status = escape(row.task.status)
    return f'<td class="state"><span class="s" data-status="{status}">{escape(row.status)}</span></td>'


def _revision(row: "Row") -> str:
    process = row.task.revision_process
    if not process:
        return f'<td class="revision none">{MISSING}</td>'
    kind = " with" if process == "approvedWithRevisions" else ""
    return f'<td class="revision"><span class="rev{kind}">{escape(row.revision)}</span></td>'


def _edited(row: "Row") -> str:
    paths = row.task.edited_paths
    if not paths:
        revised = row.task.revision_process == "approvedWithRevisions"
        return f'<td class="edited">{_nothing(row, was_there=revised)}</td>'
    more = f' <span class="sub">+{row.more_edited}</span>' if row.more_edited else ""
    first = escape(middle_cut(paths[0], PATH_CHARACTERS))
    whole = middle_cut(", ".join(paths), TITLE_CHARACTERS)
    return f'<td class="edited"><span title="{escape(whole)}">{first}{more}</span></td>'


def _approver(row: "Row") -> str:
    who = person_shown(row.task.approved_by)
    none = "" if who else " none"
    nobody = _nothing(row, was_there=row.task.approved_at is not None)
    return f'<td class="who{none}" title="{escape(who or "")}">{nobody if who is None else escape(who)}</td>'


def _creator(row: "Row") -> str:
    who = person_shown(row.task.created_by)
    return f'<td class="who minor" title="{escape(who or "")}">{_nothing(row) if who is None else escape(who)}</td>'


def _moment(row: "Row", moment: datetime | None) -> str:
    return MISSING if moment is None else instant_element(moment, row.reading)


def _approved(row: "Row") -> str:
    none = "" if row.task.approved_at else " none"
    return f'<td class="time{none}">{_moment(row, row.task.approved_at)}</td>'


def _updated(row: "Row") -> str:
    minor = " minor" if row.task.approved_at else ""
    return f'<td class="time{minor}">{_moment(row, row.task.updated_at)}</td>'


def _created(row: "Row") -> str:
    return f'<td class="time minor">{_moment(row, row.task.created_at)}</td>'


def _app(row: "Row") -> str:
    return f'<td class="application clip">{escape(row.app) or MISSING}</td>'


def _turnaround(row: "Row") -> str:
    return f'<td class="num">{escape(duration(row.turnaround_seconds))}</td>'


def _canvas_version(row: "Row") -> str:
    version = row.task.prompt_version_id
    return f'<td class="mono" title="{version or ""}">{short_id(version)}</td>'


def _tags(row: "Row") -> str:
    tags = "".join(f'<span class="tag">{escape(tag)}</span> ' for tag in row.task.tags[:TAGS_SHOWN])
    more = len(row.task.tags) - TAGS_SHOWN
    return f'<td class="tags">{tags or _nothing(row)}{f"+{more}" if more > 0 else ""}</td>'


def _id(row: "Row") -> str:
    return f'<td class="mono" title="{row.task.task_id}">{short_id(row.task.task_id)}</td>'


#: One for each key of `list_columns.COLUMNS`.
CELLS: dict[str, Callable[["Row"], str]] = {
    "reference": _reference,
    "name": _name,
    "status": _status,
    "revisionProcess": _revision,
    "editedFields": _edited,
    "approvedBy": _approver,
    "approvedAt": _approved,
    "promptApplicationId": _app,
    "updatedAt": _updated,
    "createdAt": _created,
    "createdBy": _creator,
    "turnaround": _turnaround,
    "promptVersionId": _canvas_version,
    "tags": _tags,
    "id": _id,
}
