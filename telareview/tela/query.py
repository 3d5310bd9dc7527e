"""What is asked of `GET /task`: every parameter of the list, checked, and written the way Tela documents."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from telareview.tela.instants import write_instant

#: Rows Tela gives in one answer at most.
MAX_LIMIT = 100
#: Ids asked for in one call: no answer can hold more.
MAX_IDS = MAX_LIMIT
#: Characters of one text parameter. Longer addresses are refused by servers on the way.
MAX_TEXT = 1000

ORDER_FIELDS = (
    "name",
    "reference",
    "approvedAt",
    "createdAt",
    "updatedAt",
    "id",
    "status",
    "approvedBy",
    "createdBy",
)
ORDERS = ("asc", "desc")
REVISION_PROCESSES = ("approvedWithRevisions", "approvedDirectly")

_INSTANTS = (
    "created_at_since",
    "created_at_until",
    "updated_at_since",
    "updated_at_until",
    "approved_at_since",
    "approved_at_until",
)
_IDENTITIES = ("prompt_application_id", "prompt_version_id", "completion_run_id")


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskQuery:
    """One question to `GET /task`. Raises ValueError, with a sentence, for what Tela would refuse or misread.

    Tela joins two different date ranges by OR, and `created_by` with `approved_by` as well; all else by AND.
    `order` applies to `order_by` first and then to the id, so pages are stable while nothing changes.
    """

    #: Rows wanted, 1 to 100.
    limit: int = 100
    #: Rows left out at the start, 0 or more.
    offset: int = 0
    #: Any of these; unknown words are let through, for Tela's list of them is not settled.
    status: tuple[str, ...] = ()
    #: E-mail addresses, any of them.
    approved_by: tuple[str, ...] = ()
    #: E-mail addresses, any of them.
    created_by: tuple[str, ...] = ()
    #: At most 100 task ids; text is accepted and made UUIDs.
    ids: tuple[UUID, ...] = ()
    tags: tuple[str, ...] = ()
    #: `approvedWithRevisions`, `approvedDirectly`, or None for both and neither.
    revision_process: str | None = None
    #: Instants with a time zone. Sent with milliseconds: `since` is cut, `until` rounded up, so no row is lost.
    created_at_since: datetime | None = None
    created_at_until: datetime | None = None
    updated_at_since: datetime | None = None
    updated_at_until: datetime | None = None
    approved_at_since: datetime | None = None
    approved_at_until: datetime | None = None
    #: The app. Not together with `agent_id`.
    prompt_application_id: UUID | None = None
    prompt_version_id: UUID | None = None
    completion_run_id: UUID | None = None
    agent_id: str | None = None
    #: Part of the name, presumably; the kind of match is not documented.
    task_name: str | None = None
    #: One of ORDER_FIELDS.
    order_by: str = "updatedAt"
    #: `asc` or `desc`.
    order: str = "asc"
    #: Leave out inputs and outputs: the light way to list.
    exclude_input_output: bool = False
    object_links: bool = False

    def __post_init__(self) -> None:
        _check_range("limit", self.limit, 1, MAX_LIMIT)
        _check_range("offset", self.offset, 0, None)
        for name in ("status", "approved_by", "created_by", "tags"):
            object.__setattr__(self, name, _texts(name, getattr(self, name)))
        object.__setattr__(self, "ids", _identities(self.ids))
        for name in _IDENTITIES:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _identity(name, value))
        for name in _INSTANTS:
            _check_instant(name, getattr(self, name))
        for name in ("agent_id", "task_name"):
            if getattr(self, name) is not None:
                _check_text(name, getattr(self, name))
        _check_choice("order_by", self.order_by, ORDER_FIELDS)
        _check_choice("order", self.order, ORDERS)
        if self.revision_process is not None:
            _check_choice("revision_process", self.revision_process, REVISION_PROCESSES)
        if self.prompt_application_id is not None and self.agent_id is not None:
            raise ValueError("Ask for the tasks of an app or of an agent: Tela refuses both in one call.")

    def replace(self, **changes: Any) -> TaskQuery:
        """The same question with these fields changed, checked again."""
        return dataclasses.replace(self, **changes)

    def parameters(self) -> list[tuple[str, str]]:
        """Names and values for the address, in a fixed order, not yet percent-encoded."""
        optional = (
            ("status", _json_array(self.status)),
            ("approvedBy", _bare_or_array(self.approved_by)),
            ("createdBy", _bare_or_array(self.created_by)),
            ("ids", _json_array(str(task_id) for task_id in self.ids)),
            ("tags", _bare_or_array(self.tags)),
            ("revisionProcess", self.revision_process),
            ("createdAtSince", _since(self.created_at_since)),
            ("createdAtUntil", _until(self.created_at_until)),
            ("updatedAtSince", _since(self.updated_at_since)),
            ("updatedAtUntil", _until(self.updated_at_until)),
            ("approvedAtSince", _since(self.approved_at_since)),
            ("approvedAtUntil", _until(self.approved_at_until)),
            ("promptApplicationId", _written(self.prompt_application_id)),
            ("promptVersionId", _written(self.prompt_version_id)),
            ("completionRunId", _written(self.completion_run_id)),
            ("agentId", self.agent_id),
            ("taskName", self.task_name),
            ("excludeInputOutputColumns", "true" if self.exclude_input_output else None),
            ("objectLinks", "true" if self.object_links else None),
        )
        always = [
            ("limit", str(self.limit)),
            ("offset", str(self.offset)),
            ("orderBy", self.order_by),
            ("order", self.order),
        ]
        return always + [(name, value) for name, value in optional if value is not None]


def _json_array(values: Iterable[str]) -> str | None:
    # Not escaped to ASCII: the address percent-encodes UTF-8, and that is the shorter form.
    listed = list(values)
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":")) if listed else None


def _bare_or_array(values: tuple[str, ...]) -> str | None:
    # A comma or a bracket in a bare value could be taken for a list.
    bare = len(values) == 1 and "," not in values[0] and not values[0].lstrip().startswith("[")
    return values[0] if bare else _json_array(values)


def _since(moment: datetime | None) -> str | None:
    return None if moment is None else write_instant(moment)


def _until(moment: datetime | None) -> str | None:
    return None if moment is None else write_instant(moment, round_up=True)


def _written(identity: UUID | None) -> str | None:
    return None if identity is None else str(identity)


def _check_range(name: str, value: object, low: int, high: int | None) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):  # type: ignore[operator]
        span = f"from {low} to {high}" if high is not None else f"of {low} or more"
        raise ValueError(f"{name} must be a whole number {span}, not {value!r}.")


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")


def _check_text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be text that is not empty, not {value!r}.")
    if len(value) > MAX_TEXT:
        raise ValueError(f"{name} must be at most {MAX_TEXT} characters long, not {len(value)}.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds half a character (a lone surrogate), which no address can carry.") from None
    return value


def _texts(name: str, values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be a tuple of texts, not {values!r}.")
    return tuple(_check_text(name, value) for value in values)


def _identities(values: object) -> tuple[UUID, ...]:
    if isinstance(values, (str, UUID)) or not isinstance(values, Iterable):
        raise ValueError(f"ids must be a tuple of task ids, not {values!r}.")
    identities = tuple(_identity("ids", value) for value in values)
    if len(identities) > MAX_IDS:
        raise ValueError(f"Ask for at most {MAX_IDS} ids in one call, not {len(identities)}.")
    return identities


def _identity(name: str, value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(str(value))
    except ValueError:
        raise ValueError(f"{name} must be a UUID, not {value!r}.") from None


def _check_instant(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, datetime):
        raise ValueError(f"{name} must be a datetime, not {value!r}.")
    try:
        write_instant(value, round_up=True)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
