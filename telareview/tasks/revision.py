"""When a task is approved with revisions, and what the reviewer changed.

Tela tells each correction as an entry of `metadata.editedFields` and, apart from it, sends the output as the model
gave it and as it is now. Here both are read together. What Tela does not tell is left open, never guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from telareview.tasks.diff import DEFAULT_LIMITS, MISSING, Counts, Decoded, Difference, Json, Limits, diff
from telareview.tasks.edits import Edit, EditedField, Line, PutBack, join_edits, shown_path
from telareview.tela import TaskRecord, sorted_json

type RevisionProcess = Literal["approvedDirectly", "approvedWithRevisions", "unknown", ""]

APPROVED_STATUSES = frozenset({"completed", "approved"})
ROLES = frozenset({"assistant", "user", "system", "tool"})
#: Distinct paths kept as a task's facts, and edits of one task that are joined with the comparison.
MAX_EDITED_PATHS = 200
MAX_EDITS = 2_000


def content_of(output: Decoded) -> Json:
    """The output's content: `{"role": "assistant", "content": …}` unwrapped, anything else as it is."""
    if isinstance(output, dict) and "content" in output:
        role = output.get("role")
        if isinstance(role, str) and role in ROLES:
            return output["content"]
    return output


def is_approved(record: TaskRecord) -> bool:
    """Status `completed`, and `approvedAt` set."""
    return record.status in APPROVED_STATUSES and record.approved_at is not None


def revision_process(
    *,
    status: str,
    approved_at: datetime | None,
    edited_fields: Sequence[EditedField] | None,
    original_output_content: Decoded,
    output_content: Decoded,
    has_payload: bool,
) -> RevisionProcess:
    """How an approved task was approved; empty for one that is not (status `completed` with an approval time).

    By Tela's own list of edited fields if it came, even if a field was put back afterwards; else by comparing the
    two outputs, where another notation is a revision too; "unknown" if neither can be said.
    """
    if status not in APPROVED_STATUSES or approved_at is None:
        return ""
    if edited_fields is not None:
        return _by_edits(edited_fields)
    if not has_payload:
        return "unknown"
    return _by_content(content_of(original_output_content), content_of(output_content))


def _by_edits(edited_fields: Sequence[EditedField] | None) -> RevisionProcess:
    if edited_fields is None:
        return "unknown"
    return "approvedWithRevisions" if edited_fields else "approvedDirectly"


def _by_content(original: Json, current: Json) -> RevisionProcess:
    if original is None or current is None:
        return "unknown"
    # The C encoder compares 5 times as fast as walking both values, and every task of a pull comes through here.
    alike = sorted_json(original) == sorted_json(current)
    return "approvedDirectly" if alike else "approvedWithRevisions"


def edited_paths(edited_fields: Iterable[EditedField]) -> tuple[str, ...]:
    """The distinct paths in display notation, sorted, at most `MAX_EDITED_PATHS`; as sent if unreadable."""
    return tuple(sorted({shown_path(field) for field in edited_fields})[:MAX_EDITED_PATHS])


@dataclass(frozen=True, slots=True)
class Revision:
    """What a reviewer changed."""

    difference: Difference
    #: The changes of `difference`, each with its edits.
    lines: tuple[Line, ...]
    put_back: tuple[PutBack, ...]
    #: Edits whose path leads to no change and to no field that is the same in both outputs.
    unmatched: tuple[Edit, ...]
    #: Edits that are not told above: beyond `MAX_EDITS`, or of changes that were too many to keep.
    edits_left_out: int
    #: The label by Tela's list of edited fields, and the one by comparing; "unknown" where it cannot be said.
    by_edits: RevisionProcess
    by_content: RevisionProcess

    @property
    def comparable(self) -> bool:
        """Whether both outputs are known. If not, there are no lines, and nothing may be concluded from that."""
        return self.by_content != "unknown"

    @property
    def labels_disagree(self) -> bool:
        """Whether edits are told without a difference, or a difference without edits."""
        return "unknown" not in (self.by_edits, self.by_content) and self.by_edits != self.by_content

    @property
    def counts(self) -> Counts:
        """For "3 changed, 1 of them formatting only · 1 added": `altered`, `formatting`, `added`, …"""
        return self.difference.counts

    @property
    def unchanged(self) -> int:
        """Fields that are the same; for "41 same"."""
        return self.difference.unchanged


def compare(
    original_output: Decoded,
    current_output: Decoded,
    edited_fields: Sequence[EditedField] | None,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Revision:
    """The revision of a task from its two outputs, wrapped or not, and its edits (None: Tela told no list).

    An edit belongs to the change at its path, before or after the shift of list items; to all changes below it; or to
    the added or removed part it lies in. Where items were shifted, the value told to stand there before decides.
    Bounded by `limits` and `MAX_EDITS`.
    """
    original, current = content_of(original_output), content_of(current_output)
    by_content = _by_content(original, current)
    known = by_content != "unknown"
    difference = diff(original if known else current, current, limits=limits)
    told = (edited_fields or ())[:MAX_EDITS]
    joined = join_edits(told, original if known else MISSING, current, difference)
    return Revision(
        difference=difference,
        lines=joined.lines,
        put_back=joined.put_back,
        unmatched=joined.unmatched,
        edits_left_out=joined.left_out + len(edited_fields or ()) - len(told),
        by_edits=_by_edits(edited_fields),
        by_content=by_content,
    )


def between(
    left_output: Decoded, right_output: Decoded, told: Sequence[EditedField], *, limits: Limits = DEFAULT_LIMITS
) -> Revision:
    """What led from one state's output to another's; no output is a value like others. `told` are the edits since."""
    left, right = content_of(left_output), content_of(right_output)
    difference = diff(left, right, limits=limits)
    joined = join_edits(told[:MAX_EDITS], left, right, difference)
    return Revision(
        difference=difference,
        lines=joined.lines,
        put_back=joined.put_back,
        unmatched=joined.unmatched,
        edits_left_out=joined.left_out + max(0, len(told) - MAX_EDITS),
        by_edits="unknown",
        by_content="approvedDirectly" if difference.same else "approvedWithRevisions",
    )
