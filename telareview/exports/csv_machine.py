"""CSV, profile `machine`: RFC 4180, UTF-8 without BOM, CRLF, comma, header row, every value to the letter."""

from typing import TYPE_CHECKING

from telareview.exports.copying import LINE_END, copied_blocks, quoted, select_of
from telareview.exports.values import machine_text

if TYPE_CHECKING:
    from telareview.exports.plan import Plan
    from telareview.exports.writing import Sink


def write(plan: "Plan", sink: "Sink") -> int:
    """Write the whole list; returns its rows. Raises DatabaseError, OSError and Stopped."""
    rows = 0
    with sink.counted() as put:
        put(",".join(quoted(column.name) for column in plan.columns).encode() + LINE_END)
        for block, more in copied_blocks(select_of(plan, [machine_text(column, plan) for column in plan.columns])):
            put(block)
            rows += more
            sink.passed(rows)
    return rows
