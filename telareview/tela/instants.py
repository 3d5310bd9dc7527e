"""Instants as Tela writes them: ISO 8601 in UTC with milliseconds, `2025-01-15T10:30:00.000Z`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def read_instant(value: object) -> datetime:
    """The instant in UTC. Raises ValueError for anything but ISO text with a time zone: a zone is never guessed."""
    if type(value) is not str:
        raise ValueError("not text")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999") from None


def write_instant(moment: datetime, *, round_up: bool = False) -> str:
    """The instant with milliseconds and `Z`; finer digits are cut off, or rounded up. Refuses naive datetimes."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("An instant needs a time zone; this datetime has none.")
    try:
        moment = moment.astimezone(UTC)
        if round_up and moment.microsecond % 1000:
            moment += timedelta(milliseconds=1)
    except OverflowError:
        raise ValueError("The instant is outside the years 1 to 9999.") from None
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
