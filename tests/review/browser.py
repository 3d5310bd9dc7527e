"""What a browser sends back of a draft's form: text only, every line break as CR LF."""

from telareview.review.draft import Draft
from telareview.review.pointers import pointer
from telareview.review.values import WITH_TEXT


def as_typed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def sent_back(draft: Draft) -> dict[str, str]:
    """The fields of the form in the order of the page, touched by nobody."""
    form: dict[str, str] = {}
    for path, node in draft.walk():
        place = pointer(path)
        form["t" + place] = node.kind
        if node.kind in WITH_TEXT:
            form["v" + place] = as_typed(node.text)
        if path and isinstance(path[-1], int):
            form["o" + place] = "" if node.origin is None else str(node.origin[-1])
    return form
