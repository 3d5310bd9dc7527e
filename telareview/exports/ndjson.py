"""NDJSON of whole tasks: the exact text of each task's payload, one a line."""

from typing import TYPE_CHECKING

from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Cast, Coalesce

from telareview.exports.copying import copied_blocks, select_of
from telareview.exports.payloads import of_payload
from telareview.tasks.masking import masked_payload
from telareview.tela import canonical_json, decode

if TYPE_CHECKING:
    from telareview.exports.plan import Plan
    from telareview.exports.values import Expressed
    from telareview.exports.writing import Sink

LINE_END = b"\n"


def write(plan: "Plan", sink: "Sink") -> int:
    """Write the whole list; returns its rows. Raises DatabaseError, OSError and Stopped."""
    rows = 0
    with sink.counted() as put:
        # In COPY's text format only `\` is doubled: canonical JSON is ASCII without control characters.
        for block, more in copied_blocks(select_of(plan, [_payload(plan)]), "FORMAT text", LINE_END):
            exact = block.replace(b"\\\\", b"\\")
            put(_masked(exact, plan) if plan.masked else exact)
            rows += more
            sink.passed(rows)
    return rows


def _payload(plan: "Plan") -> "Expressed":
    """The text of the version that is listed; of a task that is gone, the last that was known.

    Where it was erased the line says so: `{"id":"…","payload":null}`.
    """
    missing = Func(
        Value('{"id":"'),
        Cast(F("task_id"), TextField()),
        Value('","payload":null}'),
        arg_joiner=" || ",
        template="(%(expressions)s)",
        output_field=TextField(),
    )
    return Coalesce(of_payload(plan, Cast("text", TextField())), missing, output_field=TextField())


def _masked(block: bytes, plan: "Plan") -> bytes:
    """The same tasks, people's addresses as pseudonyms."""
    lines = (masked_payload(decode(line), plan.workspace) for line in block.splitlines())
    return b"".join(canonical_json(each).encode() + LINE_END for each in lines)
