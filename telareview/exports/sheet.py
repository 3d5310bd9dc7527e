"""XLSX: one sheet with typed cells, written row by row. Text is text: never a formula, never a link."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Expression, Func, TextField, Value, When
from django.db.models.functions import Cast
from django.db.models.lookups import Exact
from xlsxwriter import Workbook

from telareview.exports.columns import Column, Kind
from telareview.exports.copying import EXCEL_CELL, listed_values
from telareview.exports.csv_excel import cell_too_long
from telareview.exports.values import Expressed, Joined, heading, output_value, typed
from telareview.tasks.outputs import kind_at, text_at

if TYPE_CHECKING:
    from telareview.exports.plan import Plan
    from telareview.exports.writing import Sink

ROWS_AT_A_TIME = 2_000
#: Excel counts in binary floats: more digits than these are not kept, so such a number is text.
EXACT_DIGITS = 15
MAX_EXPONENT = 300
#: Excel's calendar begins in 1900, and is wrong about February of that year.
FIRST_DAY = dt.datetime(1900, 3, 1)
#: The same list makes the same bytes, so the file says no time of its own; the manifest does.
CREATED = dt.datetime(2000, 1, 1)
MOMENTS = {"en": "yyyy-mm-dd hh:mm:ss", "pt-br": "dd/mm/yyyy hh:mm:ss"}
NUMBER, TEXT = "n", "t"
#: Characters that columns are wide.
WIDTH, WIDTHS = 24, {Kind.ID: 37, Kind.INTEGER: 10, Kind.INSTANT: 20}


def write(plan: "Plan", sink: "Sink") -> int:
    """Write the whole list; returns its rows. Raises CellTooLong, TooManyRows, DatabaseError, OSError and Stopped."""
    sink.over_long_cells = 0
    options = {
        "constant_memory": True,
        "tmpdir": str(sink.path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = Workbook(str(sink.path), options)
    try:
        rows = _fill(book, plan, sink)
    except BaseException:
        # What is given up must not be put together when the object goes.
        book.fileclosed = True
        for each in book.worksheets():
            each.row_data_fh.close()
        raise
    book.close()
    return rows


def _fill(book: Workbook, plan: "Plan", sink: "Sink") -> int:
    book.set_properties({"created": CREATED})
    sheet = book.add_worksheet("tasks")
    moments = book.add_format({"num_format": MOMENTS[plan.locale]})
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(plan.columns):
        sheet.set_column(place, place, WIDTHS.get(column.kind, WIDTH))
        sheet.write_string(0, place, heading(column, plan))
    writers = [_writer(sheet, column, plan, moments) for column in plan.columns]
    listed = listed_values(plan, [_value(column, plan) for column in plan.columns])
    rows = 0
    for block in batched(listed.iterator(chunk_size=ROWS_AT_A_TIME), ROWS_AT_A_TIME):
        plan.profile.check_rows(rows + len(block))
        for values in block:
            rows += 1
            for place, (value, put) in enumerate(zip(values, writers, strict=True)):
                if value is not None:
                    put(rows, place, value)
        sink.passed(rows)
    return rows


def _value(column: Column, plan: "Plan") -> Expressed:
    """What the database is asked for; a value of an output tells by its first letter whether it is a number."""
    if column.kind is Kind.ID:
        return Cast(typed(column, plan), TextField())
    if column.kind is Kind.LIST:
        return Joined(typed(column, plan))
    if column.kind is Kind.OUTPUT:
        is_number = Exact(kind_at(column.source), Value("number"))
        letter = Case(When(is_number, then=Value(NUMBER)), default=Value(TEXT), output_field=TextField())
        return output_value(
            plan, _lettered(letter, text_at(column.source)), lambda words: _lettered(Value(TEXT), words)
        )
    return typed(column, plan)


def _lettered(letter: Expression, text: Expression) -> Expression:
    """Null stays null, which Concat would not leave."""
    return Func(letter, text, arg_joiner=" || ", template="(%(expressions)s)", output_field=TextField())


def _writer(sheet: Any, column: Column, plan: "Plan", moments: Any) -> Callable[[int, int, Any], None]:
    """How a value of the column gets into its cell."""

    def text(row: int, place: int, value: str) -> None:
        if len(value) > EXCEL_CELL // 2 and (length := len(value.encode("utf-16-le")) // 2) > EXCEL_CELL:
            raise cell_too_long(column, length)
        sheet.write_string(row, place, value)

    def number(row: int, place: int, value: Any) -> None:
        exact = Decimal(value)
        if len(exact.as_tuple().digits) > EXACT_DIGITS or abs(exact.adjusted()) > MAX_EXPONENT:
            text(row, place, str(value))
        else:
            sheet.write_number(row, place, exact)

    def instant(row: int, place: int, value: dt.datetime) -> None:
        local = value.astimezone(plan.zone).replace(tzinfo=None)
        if local < FIRST_DAY:
            text(row, place, local.isoformat(" "))
        else:
            sheet.write_datetime(row, place, local, moments)

    def output(row: int, place: int, value: str) -> None:
        put = number if value.startswith(NUMBER) else text
        put(row, place, value[1:])

    writers = {Kind.INTEGER: number, Kind.SECONDS: number, Kind.INSTANT: instant, Kind.OUTPUT: output}
    return writers.get(column.kind, text)
