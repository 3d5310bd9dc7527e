"""One value of an output as a field of a form, and back: to the letter where nobody touched it.

A form carries text only. A browser writes every line break as CR LF, and cannot carry control characters or half
surrogate pairs; so what was not touched is taken from the output itself, and text with such characters is edited as
the JSON that says it.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview.review.patch import same_json
from telareview.review.shapes import Shape
from telareview.tasks.diff import MISSING, Json, Missing
from telareview.tasks.raw_view import UNSENDABLE, show_raw
from telareview.tela import UnreadableReply
from telareview.tela.wire import canonical_json, decode, is_too_deep

#: How a value is written in the form. `true`, `false` and `null` are whole values; the others come with a text.
KINDS: dict[str, Promise] = {
    "text": _("text"),
    "number": _("number"),
    "true": _("yes (true)"),
    "false": _("no (false)"),
    "null": _("nothing (null)"),
    "json": _("as JSON"),
}
WITH_TEXT = frozenset({"text", "number", "json"})
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
MOST_DIGITS = 1_000


class NotAValue(ValueError):
    """What was typed is no value of the kind that was chosen. `sentence` says what is wanted."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Written:
    """A value as the form writes it."""

    kind: str
    text: str = ""


def write(value: Json) -> Written:
    """How the form shows a value that is no object and no list, or one that is edited as JSON."""
    match value:
        case None:
            return Written("null")
        case bool():
            return Written("true" if value else "false")
        case str() if can_be_typed(value):
            return Written("text", value)
        case str() | dict() | list():
            return Written("json", _as_json(value))
    return Written("number", canonical_json(value))


def can_be_typed(text: str) -> bool:
    """Whether a form brings the text back; line breaks may all be LF or all CR LF."""
    plain = text.replace("\r\n", "\n")
    mixed = "\r\n" in text and text.count("\r\n") != plain.count("\n")
    return not mixed and not UNSENDABLE.search(plain)


def read(kind: str, text: str, before: Json | Missing) -> Json:
    """The value that the form says. `before`: the value which the field showed first. Raises NotAValue.

    A field nobody touched gives `before` itself, with every digit and line break.
    """
    text = text.replace("\r\n", "\n")
    if before is not MISSING:
        first = write(before)
        if first.kind == kind and (kind not in WITH_TEXT or first.text.replace("\r\n", "\n") == text):
            return before
    match kind:
        case "null":
            return None
        case "true" | "false":
            return kind == "true"
        case "number":
            return _number(text.strip())
        case "json":
            return _json(text)
        case "text":
            if UNSENDABLE.search(text):
                raise NotAValue(_("This text holds control characters. Choose “as JSON” to write them."))
            return text.replace("\n", "\r\n") if isinstance(before, str) and "\r\n" in before else text
    raise NotAValue(_("Choose what kind of value this is."))


def check(value: Json, shape: Shape) -> None:
    """Raises NotAValue for a typed value which the Canvas version's schema has no place for."""
    if isinstance(value, Decimal) and "integer" in shape.types and "number" not in shape.types:
        raise NotAValue(_("A whole number is wanted here."))


def kinds_for(shape: Shape, *present: Json | Missing) -> list[str]:
    """The kinds to choose from: those of the schema, and of the values that stand there."""
    wanted = set()
    for name in shape.types or ("string", "number", "boolean", "null"):
        match name:
            case "string":
                wanted.add("text")
            case "number" | "integer":
                wanted.add("number")
            case "boolean":
                wanted |= {"true", "false"}
            case "null":
                wanted.add("null")
            case _:
                wanted.add("json")
    wanted |= {write(value).kind for value in present if value is not MISSING}
    return [kind for kind in KINDS if kind in wanted]


def _number(text: str) -> Json:
    if not text:
        raise NotAValue(_("Write a number, or choose “nothing (null)”."))
    if not _NUMBER.fullmatch(text) or len(text) > MOST_DIGITS:
        raise NotAValue(_("Write the number with digits and at most one point, without grouping: 1234.56"))
    return _decoded(text)


def _json(text: str) -> Json:
    value = _decoded(text)
    if is_too_deep(canonical_json(value)):
        raise NotAValue(_("This is nested too deeply."))
    return value


def _decoded(text: str) -> Json:
    try:
        value: Json = decode(text.encode("utf-8", "surrogatepass"))
    except (UnreadableReply, RecursionError) as error:
        raise NotAValue(_("This is not JSON. Texts stand in double quotes, names too.")) from error
    return value


def _as_json(value: Json) -> str:
    """As JSON that a form can carry: indented where that is lossless, else in its one canonical spelling."""
    canonical = canonical_json(value)
    shown = show_raw(value)
    if shown.cut or isinstance(value, str):
        return canonical
    try:
        again = decode(shown.text.encode())
    except UnreadableReply:
        return canonical
    return shown.text if same_json(again, value) else canonical
