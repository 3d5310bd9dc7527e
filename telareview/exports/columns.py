"""Every column a file can have, declared once."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telareview.exports.refusals import UnknownColumn

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


class Kind(StrEnum):
    """What a column holds; `exports.values` says how each format shows it."""

    TEXT = "text"
    ID = "uuid"
    INTEGER = "integer"
    #: Seconds with milliseconds.
    SECONDS = "seconds"
    INSTANT = "instant"
    LIST = "list of text"
    #: A value of an output: text as it is, anything else as JSON.
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Every table format can have every column."""

    #: In the header row of files for machines, in addresses and manifests.
    name: str
    #: In headers for people, and in the column chooser.
    label: str | Promise
    kind: Kind
    #: The field of `TaskFacts` that holds it, or the path within the output.
    source: str
    #: Whether it names a person, and is a pseudonym in a file for those who may not see people.
    personal: bool = False


#: An empty cell says null; an empty text is `""`. `revisionProcess` is empty while a task is not approved. Of a task
#: with `erasedUnder` the creator, approver, tags, edited fields, agent and source are empty because they were erased.
COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("id", gettext_lazy("Id"), Kind.ID, "task_id"),
        Column("reference", gettext_lazy("#"), Kind.INTEGER, "reference"),
        Column("name", gettext_lazy("Name"), Kind.TEXT, "name"),
        Column("status", gettext_lazy("Status"), Kind.TEXT, "status"),
        Column("revisionProcess", gettext_lazy("Revision"), Kind.TEXT, "revision_process"),
        Column("createdBy", gettext_lazy("Creator"), Kind.TEXT, "created_by", personal=True),
        Column("createdAt", gettext_lazy("Created"), Kind.INSTANT, "created_at"),
        Column("updatedAt", gettext_lazy("Updated"), Kind.INSTANT, "updated_at"),
        Column("approvedBy", gettext_lazy("Approver"), Kind.TEXT, "approved_by", personal=True),
        Column("approvedAt", gettext_lazy("Approved"), Kind.INSTANT, "approved_at"),
        Column("promptApplicationId", gettext_lazy("App"), Kind.ID, "prompt_application_id"),
        Column("promptVersionId", gettext_lazy("Canvas version"), Kind.ID, "prompt_version_id"),
        Column("tags", gettext_lazy("Tags"), Kind.LIST, "tags"),
        Column("editedFields", gettext_lazy("Edited fields"), Kind.LIST, "edited_paths"),
        Column("turnaround", gettext_lazy("Turnaround"), Kind.SECONDS, "turnaround"),
        Column("goneAt", gettext_lazy("Gone"), Kind.INSTANT, "gone_at"),
        Column("erasedUnder", gettext_lazy("Erased under request"), Kind.INTEGER, "erasure"),
        Column("completionRunId", gettext_lazy("Completion run"), Kind.ID, "completion_run_id"),
        Column("workflowRunId", gettext_lazy("Workflow run"), Kind.ID, "workflow_run_id"),
        Column("agentId", gettext_lazy("Agent"), Kind.TEXT, "agent_id"),
        Column("sourceType", gettext_lazy("Source"), Kind.TEXT, "source_type"),
        Column("version", gettext_lazy("Version"), Kind.INTEGER, "version_number"),
        Column("observedAt", gettext_lazy("Observed"), Kind.INSTANT, "observed_at"),
        Column(
            "approvedInTelareviewBy", gettext_lazy("Approved here by"), Kind.TEXT, "approved_here_by", personal=True
        ),
    )
}


def columns_named(names: Iterable[str]) -> list[Column]:
    """The columns of these names, in their order; the usual ones for none. Raises UnknownColumn."""
    wanted = list(dict.fromkeys(names)) or list(DEFAULT_COLUMNS)
    if len(wanted) > MAX_COLUMNS:
        raise UnknownColumn(
            _("A file can have %(most)d columns; %(count)d were asked for.")
            % {"most": MAX_COLUMNS, "count": len(wanted)}
        )
    return [_column(name) for name in wanted]


def _column(name: str) -> Column:
    if name in COLUMNS:
        return COLUMNS[name]
    path = name.removeprefix(OUTPUT_PREFIX)
    if name.startswith(OUTPUT_PREFIX) and path and "\0" not in name:
        return Column(name, path, Kind.OUTPUT, path)
    raise UnknownColumn(
        _("There is no column “%(name)s”. The columns are %(names)s and output.<path>.")
        % {"name": name[:80], "names": ", ".join(COLUMNS)}
    )
