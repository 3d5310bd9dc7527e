"""NDJSON of whole tasks: the exact text of each task's payload, one a line."""

from typing import TYPE_CHECKING

from django.db.models import Case, F, Func, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce

from telareview.exports.copying import copied_blocks, select_of
from telareview.tasks.masking import masked_payload
from telareview.tasks.models import Payload
from telareview.tela import canonical_json, decode

if TYPE_CHECKING:
    from django.db.models import QuerySet

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
    key = "pk" if plan.task_filter.as_of else "version_id"
    own = _text(Payload.objects.filter(version=OuterRef(key)))
    last = _text(
        Payload.objects.filter(
            version__workspace=OuterRef("workspace"),
            version__task_id=OuterRef("task_id"),
            version__number__lte=OuterRef("version_number"),
        ).order_by("-version__number")
    )
    missing = Func(
        Value('{"id":"'),
        Cast(F("task_id"), TextField()),
        Value('","payload":null}'),
        arg_joiner=" || ",
        template="(%(expressions)s)",
        output_field=TextField(),
    )
    known = Case(When(gone_at__isnull=True, then=own), default=last, output_field=TextField())
    return Coalesce(known, missing, output_field=TextField())


def _text(payloads: "QuerySet[Payload]") -> Subquery:
    return Subquery(payloads.values_list(Cast("text", TextField()))[:1], output_field=TextField())


def _masked(block: bytes, plan: "Plan") -> bytes:
    """The same tasks, people's addresses as pseudonyms."""
    lines = (masked_payload(decode(line), plan.workspace) for line in block.splitlines())
    return b"".join(canonical_json(each).encode() + LINE_END for each in lines)
