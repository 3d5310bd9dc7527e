"""Canvas versions: what a task of an app needs to be given, and what its output looks like. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from telareview.tela.errors import UnreadableReply
from telareview.tela.fields import kind_of, uuid_or_none
from telareview.tela.subscriptions import Requests

#: How a variable that takes files spells its type. The reference shows `file` alone; the others are guesses, and a
#: Canvas that spells it otherwise gets a field for text, in which addresses can still be given.
FILE, FILES = "file", frozenset({"files", "file[]", "file_list", "filelist"})
#: Characters of a title or description that are kept.
MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One thing that a Canvas asks for."""

    name: str
    #: `file`, `text` and others, as Tela spells it; "" when not told.
    type: str
    required: bool
    #: "" when there is none.
    description: str

    @property
    def is_file(self) -> bool:
        return self.type == FILE or self.takes_many

    @property
    def takes_many(self) -> bool:
        """Whether it is a list of files."""
        return self.type.casefold() in FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasVersion:
    """A version of a Canvas, as `GET /prompt-version/{id}` tells it."""

    id: UUID
    #: "" when not told.
    title: str
    #: In Tela's order, each name once; those without a name are left out.
    variables: tuple[Variable, ...]
    #: The JSON Schema of the output; None when the output has no fixed shape. Foreign: to be read with care.
    output_schema: Mapping[str, Any] | None = field(hash=False)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Raises UnreadableReply for what has no usable id or no list of variables."""
        if not isinstance(raw, dict):
            raise UnreadableReply(f"The Canvas version is {kind_of(raw)}, not an object.")
        identity, variables = uuid_or_none(raw.get("id")), raw.get("variables")
        if identity is None or not isinstance(variables, list):
            raise UnreadableReply("The Canvas version has no readable id, or no list of variables.")
        named = [_variable(each) for each in variables if isinstance(each, dict) and _text(each.get("name"))]
        return cls(
            id=identity,
            title=_text(raw.get("title"))[:MOST_CHARACTERS],
            variables=tuple({each.name: each for each in reversed(named)}.values())[::-1],
            output_schema=_schema(raw.get("configuration")),
        )


def get_canvas_version(client: Requests, version_id: UUID) -> CanvasVersion:
    """`GET /prompt-version/{id}`. Raises TelaError; NotFound and Forbidden are to be lived with."""
    return CanvasVersion.from_json(client.request("GET", f"/prompt-version/{UUID(str(version_id))}"))


def _variable(raw: Mapping[str, Any]) -> Variable:
    return Variable(
        name=_text(raw.get("name")),
        type=_text(raw.get("type")),
        required=raw.get("required") is True,
        description=_text(raw.get("description"))[:MOST_CHARACTERS],
    )


def _schema(configuration: object) -> Mapping[str, Any] | None:
    structured = configuration.get("structuredOutput") if isinstance(configuration, dict) else None
    if not isinstance(structured, dict) or structured.get("enabled") is False:
        return None
    schema = structured.get("schema")
    return schema if isinstance(schema, dict) and schema else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
