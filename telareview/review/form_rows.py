"""A draft as the rows of a form, one for each place, in the order of the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from django.utils.functional import Promise

from telareview.review.draft import LIST, OBJECT, Draft, Node, look, missing_fields
from telareview.review.patch import same_json
from telareview.review.pointers import pointer
from telareview.review.values import KINDS, WITH_TEXT, kinds_for
from telareview.tasks.diff import MISSING, Json, Missing, Path, show_path
from telareview.tasks.raw_view import escape_unsendable, show_value

#: Of an original value beside a field; the whole stands under Changes.
MOST_SHOWN = 1_500
#: The browser's answer must stay below what the server reads (`MAX_BODY_BYTES`).
MOST_FORM_BYTES = 900_000
LONG_TEXT = 60
MOST_LINES = 12


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str | Promise
    chosen: bool


@dataclass(frozen=True, slots=True)
class Addable:
    place: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One place. `place` is its pointer, `key` names its elements on the page."""

    place: str
    key: str
    depth: int
    label: str
    #: The whole path, for those who do not see the indentation.
    path: str
    hint: str
    kind: str
    text: str
    #: Number of the item in the output, "" for a new one; None for what is no item.
    origin: str | None
    kinds: Sequence[Choice]
    choices: Sequence[Choice]
    #: What the model gave; None where it gave nothing.
    original: str | None
    #: Whether the value before this edit differs from the original.
    revised: bool
    error: str | Promise
    removable: bool
    #: A list that takes one more item.
    extendable: bool
    addable: Sequence[Addable]
    #: What somebody else wrote there meanwhile; None where nobody did.
    theirs: str | None

    @property
    def is_branch(self) -> bool:
        return self.kind in {OBJECT, LIST}

    @property
    def is_list(self) -> bool:
        return self.kind == LIST

    @property
    def has_text(self) -> bool:
        """Whether any kind that can be chosen comes with a text."""
        return any(kind.value in WITH_TEXT for kind in self.kinds)

    @property
    def lines(self) -> int:
        """Height of the text field."""
        lines = self.text.count("\n") + 1 + sum(len(line) // LONG_TEXT for line in self.text.split("\n"))
        return max(1, min(MOST_LINES, lines))


def rows_of(draft: Draft, original: Json | Missing, theirs: dict[Path, str] | None = None) -> Iterator[Row]:
    """The rows below the whole, or the whole itself where it is one value. `theirs`: by path, after a conflict."""
    holders: dict[Path, Node] = {}
    for number, (path, node) in enumerate(draft.walk()):
        holders[path] = node
        before, first = draft.before(node), look(original, node.origin)
        yield Row(
            place=pointer(path),
            key=f"f{number}",
            depth=max(0, len(path) - 1),
            label=_label(path, node),
            path=escape_unsendable(show_path(path)),
            hint=node.shape.description,
            kind=node.kind,
            text=node.text,
            origin=_origin(path, node),
            kinds=_kinds(node, before, first),
            choices=_choices(node),
            original=None if first is MISSING or node.is_branch else _cut(show_value(first)),
            revised=not node.is_branch and original is not MISSING and not same_json(first, before),
            error=node.error,
            removable=bool(path) and draft.can_go(holders[path[:-1]], node),
            extendable=node.kind == LIST,
            addable=[
                Addable(pointer((*path, key)), node.shape.properties[key].title or key) for key in missing_fields(node)
            ],
            theirs=(theirs or {}).get(path),
        )


def form_bytes(draft: Draft) -> int:
    """How long the form will be when it comes back."""
    total = 0
    for path, node in draft.walk():
        name = len(quote_plus(pointer(path)))
        text = quote_plus(node.text.replace("\n", "\r\n")) if node.kind in WITH_TEXT else ""
        total += 3 * name + len(text) + 30
    return total


def _label(path: Path, node: Node) -> str:
    if node.shape.title:
        return node.shape.title
    if not path:
        return ""
    return f"{path[-1] + 1}." if isinstance(path[-1], int) else escape_unsendable(path[-1])


def _origin(path: Path, node: Node) -> str | None:
    if not path or not isinstance(path[-1], int):
        return None
    return "" if node.origin is None else str(node.origin[-1])


def _kinds(node: Node, before: Json | Missing, first: Json | Missing) -> list[Choice]:
    if node.is_branch:
        return []
    present = [each for each in (before, first) if not isinstance(each, dict | list)]
    kinds = kinds_for(node.shape, *present)
    if node.kind not in kinds:
        kinds.append(node.kind)
    return [Choice(kind, KINDS[kind], kind == node.kind) for kind in kinds]


def _choices(node: Node) -> list[Choice]:
    """The texts to choose from, with the one that stands there."""
    if node.kind != "text" or not node.shape.choices:
        return []
    texts = dict.fromkeys([*node.shape.choices, node.text])
    return [Choice(text, text or "—", text == node.text) for text in texts]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"
