"""The documents a task was made from, as Tela names them. Only `https` becomes a link; nothing is ever fetched."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from telareview.tasks.raw_view import escape_unsendable
from telareview.tasks.room import shown_place

#: A task with more files than this shows the first ones and says so.
MAX_FILES = 200
#: A longer address is data rather than a place, and is not linked.
MAX_ADDRESS_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class FileLink:
    name: str
    mime_type: str
    #: The address as text, shortened for data: addresses.
    shown: str
    #: The address to link, "" unless it is a plain https address.
    address: str


@dataclass(frozen=True, slots=True)
class FileList:
    rows: list[FileLink]
    #: Whether there are more.
    cut: bool


def file_list(raw_input: Any, input_content: Any) -> FileList:
    """Every file named anywhere in the input, once, in the order found; at most `MAX_FILES`."""
    found: dict[str, FileLink] = {}
    stack: list[Any] = [input_content, raw_input]
    while stack and len(found) <= MAX_FILES:
        value = stack.pop()
        if isinstance(value, dict):
            url = value.get("file_url") or value.get("url")
            if isinstance(url, str) and url:
                found.setdefault(url, _link(url, value))
            stack.extend(part for part in reversed(list(value.values())) if isinstance(part, dict | list))
        elif isinstance(value, list):
            stack.extend(part for part in reversed(value) if isinstance(part, dict | list))
    return FileList(list(found.values())[:MAX_FILES], len(found) > MAX_FILES)


def _link(url: str, value: dict[str, Any]) -> FileLink:
    name = next((value[key] for key in ("file_name", "name", "filename") if isinstance(value.get(key), str)), "")
    kind = next((value[key] for key in ("mime_type", "type") if isinstance(value.get(key), str)), "")
    shown = url if len(url) <= 200 else f"{url[:120]}…"
    return FileLink(
        name=shown_place(name),
        mime_type=shown_place(kind),
        shown=escape_unsendable(shown),
        address=url if len(url) <= MAX_ADDRESS_CHARACTERS and is_safe_link(url) else "",
    )


def is_safe_link(url: str) -> bool:
    """An https address of a host, without credentials, control characters or blanks."""
    if not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.password is None
    except ValueError:
        return False
