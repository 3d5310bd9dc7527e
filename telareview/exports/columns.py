"""Every column a file can have, declared once: its CSV name and the SQL that makes its text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import CharField, Expression, F, Func, OuterRef, Subquery, TextField, Value

from telareview.tasks.models import OutputIndex
from telareview.tasks.outputs import text_at

DEFAULT_COLUMNS = (
    "id",
    "reference",
    "name",
    "status",
    "revisionProcess",
    "createdBy",
    "createdAt",
    "updatedAt",
    "approvedBy",
    "approvedAt",
    "promptApplicationId",
    "promptVersionId",
    "tags",
)
OUTPUT_PREFIX = "output."
#: A file with more columns than this is a mistake; PostgreSQL itself ends at 1,664.
MAX_COLUMNS = 300


class UnknownColumn(ValueError):
    """There is no such column."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the header row, and what it holds, as text or empty."""

    name: str
    expression: Expression | F | Subquery


class Instant(Func):
    """`YYYY-MM-DDTHH:MM:SS.sssZ`."""

    template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    output_field = CharField()


class Joined(Func):
    """The items of an array between `|`."""

    function = "array_to_string"
    output_field = TextField()

    def __init__(self, array: str) -> None:
        super().__init__(F(array), Value("|"))


def _instant(field: str) -> Callable[[], Expression | F]:
    return lambda: Instant(F(field))


def _plain(field: str) -> Callable[[], Expression | F]:
    return lambda: F(field)


#: An empty cell says null; an empty text is `""`. `revisionProcess` is empty while a task is not approved.
MAKERS: dict[str, Callable[[], Expression | F]] = {
    "id": _plain("task_id"),
    "reference": _plain("reference"),
    "name": _plain("name"),
    "status": _plain("status"),
    "revisionProcess": lambda: Func(F("revision_process"), Value(""), function="NULLIF", output_field=TextField()),
    "createdBy": _plain("created_by"),
    "createdAt": _instant("created_at"),
    "updatedAt": _instant("updated_at"),
    "approvedBy": _plain("approved_by"),
    "approvedAt": _instant("approved_at"),
    "promptApplicationId": _plain("prompt_application_id"),
    "promptVersionId": _plain("prompt_version_id"),
    "tags": lambda: Joined("tags"),
    "editedFields": lambda: Joined("edited_paths"),
    "goneAt": _instant("gone_at"),
    "completionRunId": _plain("completion_run_id"),
    "workflowRunId": _plain("workflow_run_id"),
    "agentId": _plain("agent_id"),
    "sourceType": _plain("source_type"),
    "version": _plain("version_number"),
    "observedAt": _instant("observed_at"),
}


def columns_named(names: Iterable[str]) -> list[Column]:
    """The columns of these names, in their order; the usual ones for none. Raises UnknownColumn."""
    wanted = list(dict.fromkeys(names)) or list(DEFAULT_COLUMNS)
    if len(wanted) > MAX_COLUMNS:
        raise UnknownColumn(f"A file can have {MAX_COLUMNS} columns; {len(wanted)} were asked for.")
    return [_column(name) for name in wanted]


def _column(name: str) -> Column:
    if name in MAKERS:
        return Column(name, MAKERS[name]())
    if name.startswith(OUTPUT_PREFIX) and len(name) > len(OUTPUT_PREFIX) and "\0" not in name:
        return Column(name, _output(name.removeprefix(OUTPUT_PREFIX)))
    raise UnknownColumn(f"There is no column “{name[:80]}”. The columns are {', '.join(MAKERS)} and output.<path>.")


def _output(path: str) -> Subquery:
    """The value at a path of the current output: text as it is, everything else as JSON."""
    index = OutputIndex.objects.filter(workspace=OuterRef("workspace"), task_id=OuterRef("task_id"))
    return Subquery(index.values_list(text_at(path))[:1], output_field=TextField())
