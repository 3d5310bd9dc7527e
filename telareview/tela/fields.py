"""Reading one field of a row: the documented type, or a sentence why not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from telareview.tela.instants import read_instant

#: Whole numbers beyond this fit no database column; a reference that large is no reference.
MAX_WHOLE_NUMBER = 2**63 - 1

#: Checked because UUID() also takes braces, `urn:uuid:`, underscores, and hyphens anywhere.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class UnreadableRow(ValueError):
    """A row that is not what the API documents. The text is a sentence for people."""


def read_task_id(raw: Mapping[str, Any]) -> UUID:
    """The id of a row. Raises UnreadableRow."""
    value = raw.get("id")
    if value is None:
        raise UnreadableRow("id is missing.")
    identity = uuid_or_none(value)
    if identity is None:
        raise UnreadableRow("id is not a UUID.")
    return identity


def uuid_or_none(value: object) -> UUID | None:
    return UUID(value) if type(value) is str and _UUID.fullmatch(value) else None


#: Apps, Canvas versions and workspaces repeat from row to row; looking one up is ten times as fast as parsing it.
_remembered_uuid = lru_cache(maxsize=1024)(uuid_or_none)


def shared_uuid(value: object) -> UUID | None:
    return _remembered_uuid(value) if type(value) is str else None


def read_text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is None or type(value) is str:
        return value
    raise UnreadableRow(f"{key} is {kind_of(value)}, not text.")


def read_whole_number(raw: Mapping[str, Any], key: str) -> int | None:
    value = raw.get(key)
    if value is None:
        return None
    if type(value) is not int:
        raise UnreadableRow(f"{key} is {kind_of(value)}, not a whole number.")
    if not -MAX_WHOLE_NUMBER <= value <= MAX_WHOLE_NUMBER:
        raise UnreadableRow(f"{key} is a number of more than 63 bits.")
    return value


def read_moment(raw: Mapping[str, Any], key: str) -> datetime | None:
    value = raw.get(key)
    if value is None:
        return None
    try:
        return read_instant(value)
    except ValueError:
        problem = "not an instant with a time zone" if type(value) is str else f"{kind_of(value)}, not an instant"
        raise UnreadableRow(f"{key} is {problem}.") from None


def read_required_moment(raw: Mapping[str, Any], key: str) -> datetime:
    moment = read_moment(raw, key)
    if moment is None:
        raise UnreadableRow(f"{key} is missing.")
    return moment


def moment_or_none(value: object) -> datetime | None:
    try:
        return read_instant(value)
    except ValueError:
        return None


def read_tags(raw: Mapping[str, Any]) -> tuple[str, ...]:
    value = raw.get("tags")
    if value is None:
        return ()
    if type(value) is not list:
        raise UnreadableRow(f"tags is {kind_of(value)}, not a list.")
    for tag in value:
        if type(tag) is not str:
            raise UnreadableRow(f"tags holds {kind_of(tag)}, not only text.")
    return tuple(value)


def kind_of(value: object) -> str:
    """What JSON calls it, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"
