"""What Tela sends us, and what may be null. At this edge raw JSON becomes frozen records; unknown keys are kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from telareview.tela.fields import (
    UnreadableRow,
    kind_of,
    moment_or_none,
    read_moment,
    read_required_moment,
    read_tags,
    read_task_id,
    read_text,
    read_whole_number,
    shared_uuid,
    uuid_or_none,
)
from telareview.tela.instants import read_instant
from telareview.tela.paths import parse_path
from telareview.tela.wire import MAX_DEPTH, canonical_decoded, decode, is_too_deep

#: The columns `excludeInputOutputColumns` leaves out.
PAYLOAD_KEYS = ("rawInput", "inputContent", "outputContent", "originalOutputContent", "rawOutput")


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedField:
    """One correction a reviewer made, from `metadata.editedFields`. One path may appear several times."""

    #: Parts below `outputContent.content`, numeric ones as int; `()` when Tela's notation cannot be read.
    path: tuple[str | int, ...]
    #: The path as Tela wrote it.
    raw_path: Any = field(hash=False)
    #: E-mail address; None when not told.
    author: str | None
    #: None when not told or unreadable.
    edited_at: datetime | None
    #: What stood there before; None both for null and for not told, see `has_previous`.
    previous_value: Any = field(hash=False)
    #: Whether Tela told a previous value at all.
    has_previous: bool

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Never raises: an edit that cannot be read is still an edit."""
        item: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        raw_path = item.get("path") if isinstance(raw, dict) else raw
        author = item.get("author")
        return cls(
            path=parse_path(raw_path),
            raw_path=raw_path,
            author=author if isinstance(author, str) else None,
            edited_at=moment_or_none(item.get("editedAt")),
            previous_value=item.get("previousValue"),
            has_previous="previousValue" in item,
        )


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class TaskRecord:
    """One task in the state in which Tela sent it. All instants are in UTC.

    Text is kept as sent: it may hold `\\x00` or half a surrogate pair, which a text column of a database refuses.
    """

    id: UUID
    #: The number people quote; None when not told. Not known to be unique.
    reference: int | None
    #: Usually the file's name.
    name: str | None
    #: As sent; words we do not know are possible.
    status: str
    #: E-mail address.
    created_by: str | None
    #: E-mail address. May stay after an approval was revoked: `status` decides.
    approved_by: str | None
    approved_at: datetime | None
    created_at: datetime
    updated_at: datetime
    #: None when null, absent, or no UUID (`raw` keeps what was sent). The same holds for every other UUID below.
    completion_run_id: UUID | None
    workflow_run_id: UUID | None
    #: `prompt` or `agent`.
    source_type: str | None
    agent_id: str | None
    prompt_version_id: UUID | None
    prompt_application_id: UUID | None
    workspace_id: UUID | None
    tags: tuple[str, ...]
    #: None when `metadata` is absent or has no list of them: then nothing is known, and nothing may be concluded.
    edited_fields: tuple[EditedField, ...] | None
    #: Set by a soft delete; such tasks are not served by the lists.
    deleted_at: datetime | None
    #: Whether the row came with inputs and outputs. False for rows of a light list.
    has_payload: bool
    #: The whole row in its one spelling (see `wire.canonical_json`).
    canonical_json: str = field(hash=False)
    _raw: Mapping[str, Any] | None = field(compare=False)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any], *, light: bool = False) -> Self:
        """The record of one decoded row. Raises UnreadableRow with the reason.

        `light` says that inputs and outputs were not asked for: null then means left out, not empty.
        """
        if not isinstance(raw, dict):
            raise UnreadableRow(f"The row is {kind_of(raw)}, not an object.")
        status = read_text(raw, "status")
        if status is None:
            raise UnreadableRow("status is missing.")
        return cls(
            id=read_task_id(raw),
            reference=read_whole_number(raw, "reference"),
            name=read_text(raw, "name"),
            status=status,
            created_by=read_text(raw, "createdBy"),
            approved_by=read_text(raw, "approvedBy"),
            approved_at=read_moment(raw, "approvedAt"),
            created_at=read_required_moment(raw, "createdAt"),
            updated_at=read_required_moment(raw, "updatedAt"),
            completion_run_id=uuid_or_none(raw.get("completionRunId")),
            workflow_run_id=uuid_or_none(raw.get("workflowRunId")),
            source_type=read_text(raw, "sourceType"),
            agent_id=read_text(raw, "agentId"),
            prompt_version_id=shared_uuid(raw.get("promptVersionId")),
            prompt_application_id=shared_uuid(raw.get("promptApplicationId")),
            workspace_id=shared_uuid(raw.get("workspaceId")),
            tags=read_tags(raw),
            edited_fields=_edited_fields(raw.get("metadata")),
            deleted_at=read_moment(raw, "deletedAt"),
            has_payload=any(key in raw and not (light and raw[key] is None) for key in PAYLOAD_KEYS),
            canonical_json=_canonical(raw, "row"),
            _raw=raw,
        )

    def __repr__(self) -> str:
        return f"<TaskRecord {self.id} {self.status[:20]!r} updated {self.updated_at.isoformat()}>"

    def __getstate__(self) -> tuple[Any, ...]:
        """What travels to another process: the text, and what tells this state from others. The rest is in the text.

        As plain numbers and text, which are packed and unpacked twice as fast.
        """
        return self.id.int, self.raw["createdAt"], self.raw["updatedAt"], self.has_payload, self.canonical_json

    def __setstate__(self, told: tuple[Any, ...]) -> None:
        number, created, updated, has_payload, text = told
        values = (UUID(int=number), read_instant(created), read_instant(updated), has_payload, text, None)
        for name, value in zip(_TRAVELS, values, strict=True):
            _set(self, name, value)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A field that did not travel: all of them are read again from the text."""
            if name not in _STAYS:
                raise AttributeError(name)
            again = TaskRecord.from_json(self.raw)
            for each in _STAYS:
                _set(self, each, getattr(again, each))
            return getattr(self, name)

    @property
    def raw(self) -> Mapping[str, Any]:
        """The parsed row with every key, known or not; numbers other than integers as Decimal. Not to be changed."""
        if self._raw is None:
            _set(self, "_raw", decode(self.canonical_json.encode()))
        return self._raw  # type: ignore[return-value]

    @property
    def raw_input(self) -> Any:
        return self.raw.get("rawInput")

    @property
    def input_content(self) -> Any:
        return self.raw.get("inputContent")

    @property
    def output_content(self) -> Any:
        """The current output, with reviewers' edits: usually `{role, content}`, but any JSON may come."""
        return self.raw.get("outputContent")

    @property
    def original_output_content(self) -> Any:
        """The output as the model gave it."""
        return self.raw.get("originalOutputContent")

    @property
    def metadata(self) -> Any:
        return self.raw.get("metadata")


_TRAVELS = ("id", "created_at", "updated_at", "has_payload", "canonical_json", "_raw")
_STAYS = frozenset(each.name for each in fields(TaskRecord)) - {*_TRAVELS}
_set = object.__setattr__


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class VersionRecord:
    """One entry of Tela's own history of a task (`GET /task/{id}/versions`)."""

    #: The entry's own id; None when absent or no UUID.
    id: UUID | None
    #: The task it belongs to.
    task_id: UUID
    #: From 1 upwards.
    version: int
    name: str | None
    status: str | None
    output_content: Any = field(hash=False)
    #: E-mail address.
    changed_by: str | None
    changed_at: datetime | None
    raw: Mapping[str, Any] = field(hash=False)
    #: The whole entry in its one spelling.
    canonical_json: str = field(hash=False)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any], *, task_id: UUID) -> Self:
        """One decoded entry of the history of `task_id`. Raises UnreadableRow."""
        if not isinstance(raw, dict):
            raise UnreadableRow(f"The version is {kind_of(raw)}, not an object.")
        version = read_whole_number(raw, "version")
        if version is None:
            raise UnreadableRow("version is missing.")
        told = raw.get("taskId")
        if told is not None and uuid_or_none(told) != task_id:
            raise UnreadableRow("The version belongs to another task.")
        return cls(
            id=uuid_or_none(raw.get("id")),
            task_id=task_id,
            version=version,
            name=read_text(raw, "name"),
            status=read_text(raw, "status"),
            output_content=raw.get("outputContent"),
            changed_by=read_text(raw, "changedBy"),
            changed_at=read_moment(raw, "changedAt"),
            raw=raw,
            canonical_json=_canonical(raw, "version"),
        )

    def __repr__(self) -> str:
        return f"<VersionRecord {self.version} of {self.task_id}>"


def _canonical(raw: Mapping[str, Any], what: str) -> str:
    """Raises UnreadableRow for what is nested too deeply to be stored."""
    with suppress(RecursionError):
        text = canonical_decoded(raw)
        if not is_too_deep(text):
            return text
    raise UnreadableRow(f"The {what} is nested deeper than {MAX_DEPTH} levels.")


def _edited_fields(metadata: object) -> tuple[EditedField, ...] | None:
    edits = metadata.get("editedFields") if isinstance(metadata, dict) else None
    return tuple(EditedField.from_json(edit) for edit in edits) if isinstance(edits, list) else None
