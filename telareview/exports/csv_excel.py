"""CSV, profile `excel`: for people, who open it with a double click. No formula in it comes to life.

BOM, delimiter and decimal sign of the reader's language, moments in the reader's zone, words for headings. A cell or a
list that Excel would cut is refused.
"""

import csv
from typing import TYPE_CHECKING

from django.db.models import Case, CharField, Func, TextField, Value, When
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from telareview.exports.columns import Column, Kind
from telareview.exports.copying import EXCEL_CELL, LINE_END, copied_blocks, select_of
from telareview.exports.formulas import Guarded, guarded
from telareview.exports.refusals import CellTooLong
from telareview.exports.values import Expressed, Joined, heading, output_value, typed
from telareview.tasks.outputs import kind_at, text_at

if TYPE_CHECKING:
    from telareview.exports.plan import Plan
    from telareview.exports.writing import Sink

BOM = b"\xef\xbb\xbf"
#: Delimiter, decimal sign and spelling of a moment (as to_char wants it) of each language.
LOCALES = {
    "en": (",", ".", "YYYY-MM-DD HH24:MI:SS"),
    "pt-br": (";", ",", "DD/MM/YYYY HH24:MI:SS"),
}


class LocalMoment(Func):
    """A moment in a zone, to the second: spreadsheets read no offset."""

    template = "to_char(%(expressions)s)"
    output_field = CharField()

    def __init__(self, moment: Expressed, zone: str, spelling: str) -> None:
        local = Func(moment, Value(zone), arg_joiner=" AT TIME ZONE ", template="%(expressions)s")
        super().__init__(local, Value(spelling))


def write(plan: "Plan", sink: "Sink") -> int:
    """Write the whole list; returns its rows. Raises CellTooLong, TooManyRows, DatabaseError, OSError and Stopped."""
    delimiter = plan.separator
    sink.over_long_cells = 0
    rows = 0
    with sink.counted() as put:
        put(
            BOM + delimiter.join(_quoted(guarded(heading(column, plan))) for column in plan.columns).encode() + LINE_END
        )
        select = select_of(plan, [shown(column, plan) for column in plan.columns])
        # In quotes a cell stays whole for readers with the same delimiter; the guard is for the others.
        options = f"FORMAT csv, DELIMITER '{delimiter}', FORCE_QUOTE *"
        for block, more in copied_blocks(select, options, inspect=lambda line: refuse_long(line, plan, delimiter)):
            put(block)
            rows += more
            plan.profile.check_rows(rows)
            sink.passed(rows)
    return rows


def shown(column: Column, plan: "Plan") -> Expressed:
    """The text of a cell."""
    _delimiter, point, spelling = LOCALES[plan.locale]
    match column.kind:
        case Kind.ID | Kind.INTEGER:
            return typed(column, plan)
        case Kind.INSTANT:
            return LocalMoment(typed(column, plan), plan.zone.key, spelling)
        case Kind.SECONDS:
            return _localised(Func(typed(column, plan), template="%(expressions)s::text"), point)
        case Kind.LIST:
            return Guarded(Joined(typed(column, plan)))
        case Kind.OUTPUT:
            path, text = column.source, text_at(column.source)
            number = When(Exact(kind_at(path), Value("number")), then=_localised(text, point))
            return output_value(plan, Case(number, default=Guarded(text), output_field=TextField()))
    return Guarded(typed(column, plan))


def refuse_long(line: bytes, plan: "Plan", delimiter: str) -> None:
    """Raises CellTooLong where a cell of the line is longer than Excel's."""
    (cells,) = csv.reader([line.decode()], delimiter=delimiter)
    for column, cell in zip(plan.columns, cells, strict=True):
        if len(cell) > EXCEL_CELL:
            raise cell_too_long(column, len(cell))


def cell_too_long(column: Column, length: int) -> CellTooLong:
    return CellTooLong(
        _(
            "A cell of column %(column)s has %(length)d characters, and Excel cuts a cell after %(most)d. "
            "Leave the column out, or choose another profile, such as machine."
        )
        % {"column": column.name[:80], "length": length, "most": EXCEL_CELL}
    )


def _localised(number: Expressed, point: str) -> Expressed:
    if point == ".":
        return number
    return Func(number, Value("."), Value(point), function="replace", output_field=TextField())


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
