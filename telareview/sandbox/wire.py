"""What goes over the wire: JSON whose numbers keep every digit, instants, and UUIDs.

The standard encoder cannot be told how a number is spelled, so a `Number` travels through it as a marked string whose
quotes are taken off afterwards. Text is written as JavaScript writes it: UTF-8 as it stands, lone surrogates escaped.
"""

import json
import re
import secrets
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self

_MARK = f"\x01{secrets.token_hex(6)}:"
_MARKED = re.compile(f'"{json.dumps(_MARK)[1:-1]}([^"]*)"'.replace("\\u0001", "\\\\u0001"))
_SURROGATE = re.compile("[\ud800-\udfff]")

DAY_MS = 86_400_000
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)(Z|z|[+-]\d{2}:?\d{2})?)?",
)
_EPOCH_SECONDS = re.compile(r"\d{1,11}(?:\.\d+)?")
_EPOCH_MILLISECONDS = re.compile(r"\d{12,15}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class Number(str):
    """A JSON number by its spelling (`Number("1234.50")` is written as `1234.50`)."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, _MARK + text)

    @property
    def text(self) -> str:
        return self[len(_MARK) :]

    def __repr__(self) -> str:
        return f"Number({self.text})"


def dumps(value: Any) -> bytes:
    """Compact JSON as UTF-8 bytes; `Number`s bare, lone surrogates as `\\udXXX`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if _MARK[1:] in text:
        text = _MARKED.sub(r"\1", text)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda lone: f"\\u{ord(lone[0]):04x}", text).encode()


def loads(text: str | bytes) -> Any:
    """JSON with fractions and exponents kept as `Number`. Raises ValueError for anything else than JSON."""
    return json.loads(text, parse_float=Number, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


@lru_cache(maxsize=4096)
def day_text(day: int) -> str:
    """`YYYY-MM-DD` of a day counted from 1970-01-01."""
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%d")


def iso(moment: int | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and `Z`, from milliseconds since 1970; null stays null."""
    if moment is None:
        return None
    day, rest = divmod(moment, DAY_MS)
    seconds, milliseconds = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{day_text(day)}T{hour:02d}:{minute:02d}:{second:02d}.{milliseconds:03d}Z"


def microseconds(text: str) -> int:
    """Microseconds since 1970 of an ISO instant (no zone means UTC) or an epoch in seconds or milliseconds.

    Raises ValueError when it is neither.
    """
    if _EPOCH_MILLISECONDS.fullmatch(text):
        return int(text) * 1000
    if _EPOCH_SECONDS.fullmatch(text):
        return round(float(text) * 1_000_000)
    if not (parts := _ISO.fullmatch(text)):
        raise ValueError(f"{text!r} is not a date")
    day, time, zone = parts.groups()
    moment = datetime.fromisoformat(f"{day}T{time or '00:00'}{(zone or 'Z').upper()}")
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + moment.microsecond


def milliseconds(text: str) -> int:
    """Like `microseconds`, cut to milliseconds."""
    return microseconds(text) // 1000


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def uuid_text(bits: int) -> str:
    """A version 4 UUID spelled from 128 bits."""
    digits = f"{bits & (1 << 128) - 1:032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
