"""What an output is meant to look like: the part of a Canvas version's JSON Schema that a form can use.

The schema is foreign text: whatever it says, reading it ends, and what cannot be read leaves the field open to any
value. It decides which kinds of value a field offers; a value that is there already is never refused for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self

#: JSON Schema's names of types, which are also ours.
TYPES = ("string", "number", "integer", "boolean", "null", "object", "array")
MAX_DEPTH = 12
#: Parts of one schema that are read; a schema that refers to itself would have no end.
MAX_PARTS = 2_000
MAX_CHOICES = 100
MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class Shape:
    """One place of an output. The plain `Shape()` is any value."""

    #: Of `TYPES`; empty: anything.
    types: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    #: Texts to choose from; empty: any text.
    choices: tuple[str, ...] = ()
    properties: Mapping[str, "Shape"] = field(default_factory=dict)
    items: "Shape | None" = None

    @classmethod
    def of(cls, schema: object) -> Self:
        """The shape a schema describes; any value where it describes none."""
        return _Reader(schema).read(schema, 0)  # type: ignore[return-value]

    def below(self, part: str | int) -> "Shape":
        """The shape of a field or an item."""
        if isinstance(part, int):
            return self.items or ANY
        return self.properties.get(part, ANY)


ANY = Shape()


class _Reader:
    def __init__(self, root: object) -> None:
        self.root = root
        self.parts_left = MAX_PARTS

    def read(self, schema: object, depth: int) -> Shape:
        self.parts_left -= 1
        if depth > MAX_DEPTH or self.parts_left < 0:
            return ANY
        variants = [each for each in islice(self._variants(schema, 0), MAX_CHOICES) if isinstance(each, dict)]
        if not variants:
            return ANY
        types = tuple(dict.fromkeys(kind for each in variants for kind in _types(each)))
        objects = [each for each in variants if isinstance(each.get("properties"), dict)]
        lists = [each for each in variants if isinstance(each.get("items"), dict)]
        # Of several kinds of objects nobody knows which one a value is meant to be.
        properties = objects[0]["properties"] if len(objects) == 1 else {}
        return Shape(
            # One variant without a type is open to any.
            types=types if all(_types(each) for each in variants) else (),
            title=_words(schema, variants, "title"),
            description=_words(schema, variants, "description"),
            choices=_choices(variants),
            properties={key: self.read(part, depth + 1) for key, part in properties.items() if isinstance(key, str)},
            items=self.read(lists[0]["items"], depth + 1) if len(lists) == 1 else None,
        )

    def _variants(self, schema: object, depth: int) -> Iterator[Any]:
        """The schema itself, or what it refers to, or each of its alternatives."""
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return
        if isinstance(reference := schema.get("$ref"), str):
            yield from self._variants(self._referred(reference), depth + 1)
            return
        for word in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(word), list):
                for each in schema[word]:
                    yield from self._variants(each, depth + 1)
                return
        yield schema

    def _referred(self, reference: str) -> object:
        """`#/$defs/Item` inside the schema; None for everything else."""
        if not reference.startswith("#/"):
            return None
        found = self.root
        for part in reference[2:].split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return found


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    told = schema.get("type")
    names = told if isinstance(told, list) else [told]
    if known := tuple(name for name in names if isinstance(name, str) and name in TYPES):
        return known
    if isinstance(schema.get("properties"), dict):
        return ("object",)
    choices = schema.get("enum")
    return ("string",) if isinstance(choices, list) and all(isinstance(each, str) for each in choices) else ()


def _choices(variants: list[dict[str, Any]]) -> tuple[str, ...]:
    """The texts allowed, if every variant that allows text names them."""
    found: list[str] = []
    for each in variants:
        if "string" not in _types(each):
            continue
        texts = each.get("enum", [each["const"]] if "const" in each else None)
        if not isinstance(texts, list):
            return ()
        found += [text for text in texts if isinstance(text, str)]
    return tuple(dict.fromkeys(found)) if len(found) <= MAX_CHOICES else ()


def _words(schema: object, variants: list[dict[str, Any]], key: str) -> str:
    for each in (schema, *variants):
        if isinstance(each, dict) and isinstance(text := each.get(key), str) and text.strip():
            return text.strip()[:MAX_WORDS]
    return ""
