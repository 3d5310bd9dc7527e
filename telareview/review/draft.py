"""An output as a form: a tree of fields, made from a value or from what was sent back, and the value it says.

The form carries the whole tree, so the page keeps no state between two requests: the kind of each place travels as
`t` + its pointer, its text as `v` + pointer, and of each item of a list `o` + pointer tells which item of the output it
was, so that what was not touched keeps every digit however the list was changed around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise

from telareview.review.pointers import last_part, parent_of, pointer
from telareview.review.shapes import ANY, Shape
from telareview.review.values import KINDS, NotAValue, check, read, write
from telareview.tasks.diff import MISSING, Decoded, Json, Missing, Path, leaf_paths
from telareview.tasks.raw_view import UNSENDABLE

OBJECT, LIST = "object", "list"
#: Fields of one form. Where an output has more, its larger parts are edited as JSON.
MOST_FIELDS = 600
#: With more fields than this side by side, the whole is edited as JSON.
MOST_PARTS = 150
#: A form indents no deeper.
MOST_LEVELS = 10
MOST_POINTER = 2_000


class BrokenForm(ValueError):
    """What was sent is no form of ours: a place stands twice, or in nothing."""


@dataclass(slots=True, eq=False)
class Node:
    """One place of the draft."""

    #: Its key or number in what holds it; "" for the whole output.
    part: str | int
    kind: str
    shape: Shape
    text: str = ""
    #: Where the output holds the value that this place showed first; None for a new place.
    origin: Path | None = None
    children: list[Node] = field(default_factory=list)
    error: str | Promise = ""

    @property
    def is_branch(self) -> bool:
        return self.kind in {OBJECT, LIST}

    def child(self, part: str | int) -> Node | None:
        return next((each for each in self.children if each.part == part), None)

    def renumber(self) -> None:
        """Items of a list are numbered in the order they stand."""
        if self.kind == LIST:
            for number, item in enumerate(self.children):
                item.part = number


class Draft:
    """The tree, and the output it was made from."""

    def __init__(self, root: Node, base: Json) -> None:
        self.root = root
        self.base = base

    @classmethod
    def of(cls, value: Decoded, shape: Shape = ANY, *, base: Decoded = MISSING) -> Draft:
        """The form of a value; with `base`, of a value that was edited from it."""
        start = value if base is MISSING else base
        room = MOST_FIELDS
        if _fields(value) > MOST_FIELDS and isinstance(value, dict | list):
            room = MOST_FIELDS // len(value) if len(value) <= MOST_PARTS else 0
        return cls(_grow("", value, shape, (), start, room=room), start)

    @classmethod
    def sent(cls, form: Mapping[str, str], base: Decoded, shape: Shape = ANY) -> Draft:
        """The form as it came back; `base` is the output which it was made from. Raises BrokenForm."""
        places: dict[str, list[str]] = {}
        for name in form:
            if name == "t":
                places.setdefault("", [])
            elif name.startswith("t/"):
                if len(name) > MOST_POINTER:
                    raise BrokenForm(name[:100])
                places.setdefault(parent_of(name[1:]), []).append(name[1:])
        if "t" not in form:
            raise BrokenForm("no output")
        root = _gather("", "", form, places, base, shape, ())
        if sum(1 for _node in _walk(root)) != sum(name == "t" or name.startswith("t/") for name in form):
            raise BrokenForm("a place in nothing")
        return cls(root, base)

    def value(self) -> Json:
        """The output that the form says; `error` is set where something cannot be said, and the old value stands."""
        return _said(self.root, self.base)

    def mistakes(self) -> list[tuple[Path, str | Promise]]:
        """Places with an error, after `value()`."""
        return [(path, node.error) for path, node in self.walk() if node.error]

    def walk(self) -> Iterator[tuple[Path, Node]]:
        """Every place in the order of the form, the whole output first."""
        yield from _walk_with_paths(self.root, ())

    def at(self, place: str) -> Node | None:
        """The node at a pointer."""
        return next((node for path, node in self.walk() if pointer(path) == place), None)

    def before(self, node: Node) -> Json | Missing:
        """The value that the output has where this node came from."""
        return look(self.base, node.origin)

    def add(self, place: str) -> Node:
        """A new item at the end of the list at `place`, or the field of an object that its schema knows. BrokenForm."""
        node = self.at(place)
        if node is not None and node.kind == LIST:
            new = _blank(node.shape.items, node.children[-1] if node.children else None)
            node.children.append(new)
            node.renumber()
            return new
        holder, key = self.at(parent_of(place)), last_part(place)
        if node is None and holder is not None and holder.kind == OBJECT and key in missing_fields(holder):
            new = _blank(holder.shape.properties[key], None)
            new.part = key
            holder.children.append(new)
            return new
        raise BrokenForm(place)

    def remove(self, place: str) -> None:
        """Take out an item of a list, or a field that was only added here. Raises BrokenForm."""
        holder, node = self.at(parent_of(place)), self.at(place)
        if node is None or holder is None or node is holder or not self.can_go(holder, node):
            raise BrokenForm(place)
        holder.children.remove(node)
        holder.renumber()

    def can_go(self, holder: Node | None, node: Node) -> bool:
        if holder is None:
            return False
        return holder.kind == LIST or (holder.kind == OBJECT and self.before(node) is MISSING)


def missing_fields(node: Node) -> list[str]:
    """Fields that the schema knows and the object does not have."""
    return [key for key in node.shape.properties if node.child(key) is None] if node.kind == OBJECT else []


def look(value: Json | Missing, path: Path | None) -> Json | Missing:
    """What stands at a path; MISSING where nothing does."""
    if path is None:
        return MISSING
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part, MISSING)
        elif isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value):
            value = value[part]
        else:
            return MISSING
    return value


def _fields(value: Json) -> int:
    return sum(1 for _path in leaf_paths(value))


def _grow(part: str | int, value: Json, shape: Shape, path: Path, base: Json | Missing, *, room: int) -> Node:
    """`room`: so many fields each part of the whole may have; what has more is written as JSON."""
    origin = path if look(base, path) is not MISSING else None
    fits = len(path) < MOST_LEVELS and (room > 0 if not path else len(path) > 1 or _fields(value) <= room)
    below: list[tuple[str | int, Json]]
    if fits and isinstance(value, dict) and all(_can_be_named(key) for key in value):
        node, below = Node(part, OBJECT, shape, origin=origin), _in_order(value, shape)
    elif fits and isinstance(value, list):
        node, below = Node(part, LIST, shape, origin=origin), [*enumerate(value)]
    else:
        written = write(value)
        return Node(part, written.kind, shape, written.text, origin)
    node.children = [_grow(key, each, shape.below(key), (*path, key), base, room=room) for key, each in below]
    return node


def _in_order(value: dict[str, Json], shape: Shape) -> list[tuple[str | int, Json]]:
    """As the schema lists the fields, then the others: the mirror keeps no order of its own."""
    known = [key for key in shape.properties if key in value]
    return [(key, value[key]) for key in dict.fromkeys([*known, *value])]


def _can_be_named(key: str) -> bool:
    return not UNSENDABLE.search(key) and not {"\n", "\t"} & set(key)


def _gather(
    place: str,
    part: str | int,
    form: Mapping[str, str],
    places: Mapping[str, list[str]],
    base: Json,
    shape: Shape,
    origin: Path | None,
) -> Node:
    kind = form["t" + place]
    if kind not in KINDS and kind not in {OBJECT, LIST}:
        raise BrokenForm(kind[:100])
    if look(base, origin) is MISSING:
        origin = None
    node = Node(part, kind, shape, form.get("v" + place, ""), origin)
    below = places.get(place, [])
    if not node.is_branch:
        if below:
            raise BrokenForm(place)
        return node
    if place.count("/") > MOST_LEVELS:
        raise BrokenForm(place)
    for number, each in enumerate(below):
        if kind == LIST:
            if last_part(each) != str(number):
                raise BrokenForm(each)
            came_from = form.get("o" + each, "")
            item = int(came_from) if came_from.isascii() and came_from.isdecimal() and len(came_from) < 9 else None
            within = None if origin is None or item is None else (*origin, item)
            node.children.append(_gather(each, number, form, places, base, shape.below(number), within))
        else:
            key = last_part(each)
            within = None if origin is None else (*origin, key)
            node.children.append(_gather(each, key, form, places, base, shape.below(key), within))
    return node


def _said(node: Node, base: Json) -> Json:
    if node.kind == OBJECT:
        return {str(child.part): _said(child, base) for child in node.children}
    if node.kind == LIST:
        return [_said(child, base) for child in node.children]
    before = look(base, node.origin)
    node.error = ""
    try:
        value = read(node.kind, node.text, before)
        if value is not before:
            check(value, node.shape)
    except NotAValue as wrong:
        node.error = wrong.sentence
        return None if before is MISSING else before
    return value


def _blank(shape: Shape | None, like: Node | None) -> Node:
    """A new place: by its schema, else with the fields of the item before it, emptied."""
    shape = shape or (like.shape if like else ANY)
    if "object" in shape.types and shape.properties:
        made = Node("", OBJECT, shape)
        for key, below in shape.properties.items():
            made.children.append(child := _blank(below, None))
            child.part = key
        return made
    if "array" in shape.types and "object" not in shape.types and shape.items is not None:
        return Node("", LIST, shape)
    if like is not None and like.kind == OBJECT:
        made = Node("", OBJECT, shape)
        for each in like.children:
            made.children.append(child := _blank(None if each.shape == ANY else each.shape, each))
            child.part = each.part
        return made
    if like is not None and like.kind == LIST:
        return Node("", LIST, shape)
    return Node("", _first_kind(shape, like), shape)


def _first_kind(shape: Shape, like: Node | None) -> str:
    if shape.types:
        first = shape.types[0]
        return {"string": "text", "boolean": "false", "null": "null"}.get(
            first, "number" if first in {"number", "integer"} else "json"
        )
    return like.kind if like is not None and like.kind in KINDS else "text"


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _walk_with_paths(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    yield path, node
    for child in node.children:
        yield from _walk_with_paths(child, (*path, child.part))
