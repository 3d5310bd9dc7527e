"""What must never stand in a log: keys, secrets, cookies, authorization headers, passwords."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

MASK = "***"
#: Shorter values would mask ordinary words.
SHORTEST_SECRET = 6

_SECRET_NAME = re.compile(
    r"authorization|cookie|password|passwd|secret|token|api[-_]?key|csrf|session[-_]?(id|key)", re.I
)
_IN_TEXT = (
    re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.I),
    re.compile(
        r"((?:(?:set-)?cookie|authorization|x-telareview-secret|x-api-key|api[-_]?key|password|secret[-_]?key)"
        r"[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&]+",
        re.I,
    ),
    re.compile(r"(\w+://[^/\s:@]*:)[^@\s/]+(?=@)"),
)
_known: set[str] = set()


def never_log(secret: str) -> None:
    """From now on `secret` is masked wherever it would stand in a log line of this process."""
    if len(secret) >= SHORTEST_SECRET:
        _known.add(secret)


def never_log_password_of(address: str) -> None:
    """As `never_log`, for the password inside a database address."""
    never_log(urlsplit(address).password or "")


def redacted(value: Any, name: str = "") -> Any:
    """`value` without secrets: known ones, those under a telling name, and those in a header or an address."""
    if isinstance(value, Mapping):
        return {key: redacted(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inner, name) for inner in value]
    if name and _SECRET_NAME.search(name):
        return MASK if value else value
    if isinstance(value, str):
        return _redacted_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return _redacted_text(str(value))


def redact_event(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The structlog processor that stands just before the renderer."""
    return {key: value if key.startswith("_") else redacted(value, key) for key, value in event.items()}


def _redacted_text(text: str) -> str:
    for secret in _known:
        text = text.replace(secret, MASK)
    bearer, header, address = _IN_TEXT
    text = bearer.sub(rf"\1 {MASK}", text)
    text = header.sub(rf"\1{MASK}", text)
    return address.sub(rf"\1{MASK}", text)
