"""Moments, spans and figures as people read them. Fast: a page of rows asks three hundred times.

Every function takes the language and, where it matters, the zone and the clock; the template filters in
`templatetags/formats.py` fill those in.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

MISSING = "—"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Younger moments are told as "3 h ago", older ones by their date.
RELATIVE_BELOW = timedelta(hours=24)
#: Clocks differ: a moment this little ahead of ours is "just now", not the future.
CLOCK_TOLERANCE = timedelta(minutes=1)

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
KILOBYTE = 1000
SIZE_UNITS = ("B", "kB", "MB", "GB", "TB")


def day_text(day: date, language: str) -> str:
    """`22 Nov 2026`, in Portuguese `22/11/2026`; always eleven or ten characters."""
    if _is_portuguese(language):
        return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
    return f"{day.day:02d} {MONTHS[day.month - 1]} {day.year:04d}"


def absolute_text(moment: datetime, language: str, zone: tzinfo) -> str:
    """`22 Nov 2026 12:00`, in Portuguese `22/11/2026 12:00`, in the reader's `zone`. `moment` must be aware."""
    return _clock_text(moment.astimezone(zone), language)


def exact_text(moment: datetime, language: str, zone: tzinfo) -> str:
    """`22 Nov 2026 12:00:05 America/Sao_Paulo (UTC−03:00)`."""
    return absolute_and_exact_text(moment, language, zone)[1]


def precise_text(moment: datetime, language: str, zone: tzinfo) -> str:
    """`22 Nov 2026 12:00:05 −03:00`: what stands on a page whose zone is named elsewhere."""
    local = moment.astimezone(zone)
    return f"{_clock_text(local, language)}:{local.second:02d} {_offset(local.utcoffset())}"


@lru_cache(maxsize=10_000)
def absolute_and_exact_text(moment: datetime, language: str, zone: tzinfo) -> tuple[str, str]:
    """What `absolute_text` and `exact_text` say, for half the work; none where a list is read again."""
    local = moment.astimezone(zone)
    absolute = _clock_text(local, language)
    return absolute, f"{absolute}:{local.second:02d} {_offset_text(str(zone), local.utcoffset())}"


def zone_text(zone: tzinfo, moment: datetime) -> str:
    """`America/Sao_Paulo (UTC−03:00)`: the zone's name and its offset at `moment`."""
    return _offset_text(str(zone), moment.astimezone(zone).utcoffset())


def relative_text(moment: datetime, now: datetime, language: str = "") -> str | None:
    """`14 min ago` for a moment of the last 24 hours; None for an older one and for the future.

    In the language that is active, which a caller that has it at hand may name.
    """
    age = now - moment
    if age >= RELATIVE_BELOW or age < -CLOCK_TOLERANCE:
        return None
    seconds = int(age.total_seconds())
    if seconds < MINUTE:
        return _("just now")
    return _ago(seconds // MINUTE, language or get_language() or "en")


@lru_cache(maxsize=4096)
def _ago(minutes: int, _language: str) -> str:
    """Every row of a busy list says it; the language is the active one, and keeps them apart."""
    if minutes < HOUR // MINUTE:
        return _("%(count)d min ago") % {"count": minutes}
    return _("%(count)d h ago") % {"count": minutes * MINUTE // HOUR}


def iso_text(moment: datetime) -> str:
    """`2026-11-22T15:00:05.123Z`, for machines."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def duration_text(span: timedelta | float, language: str) -> str:
    """`0.4 s`, `42 s`, `14 min`, `2 h 08`, `1 d 3 h`: at most two units, cut off, never rounded up."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    sign = "−" if seconds < 0 else ""
    seconds = abs(seconds)
    whole = int(seconds)
    if 0 < seconds < 1:
        tenths = int(seconds * 10)
        return f"{sign}{number_text(tenths / 10, language)} s" if tenths else "<" + number_text(0.1, language) + " s"
    if whole < MINUTE:
        return f"{sign}{whole} s"
    if whole < HOUR:
        return f"{sign}{whole // MINUTE} min"
    if whole < DAY:
        return f"{sign}{whole // HOUR} h {whole % HOUR // MINUTE:02d}"
    return f"{sign}{number_text(whole // DAY, language)} d {whole % DAY // HOUR} h"


def number_text(value: float | Decimal, language: str) -> str:
    """`1,234,567.5`, in Portuguese `1.234.567,5`; every digit is kept."""
    text = f"{value:,}"
    return text.translate(_SWAP_MARKS) if _is_portuguese(language) else text


def file_size_text(size: int, language: str) -> str:
    """`512 B`, `1.2 kB`, `3.4 MB`: thousands, one decimal, cut off."""
    power = 0
    while size >= KILOBYTE ** (power + 1) and power < len(SIZE_UNITS) - 1:
        power += 1
    if power == 0:
        return f"{size} B"
    tenths = size * 10 // KILOBYTE**power
    return f"{number_text(Decimal(tenths).scaleb(-1), language)} {SIZE_UNITS[power]}"


def short_id(identifier: str) -> str:
    """`8b6d2c9a…7a80` for a UUID; an identifier of thirteen characters or fewer stays whole."""
    return identifier if len(identifier) <= 13 else f"{identifier[:8]}…{identifier[-4:]}"


def middle_cut(text: str, length: int) -> str:
    """`text` in at most `length` characters, with `…` in place of its middle."""
    if len(text) <= length:
        return text
    if length < 2:
        return "…"[:length]
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def _clock_text(local: datetime, language: str) -> str:
    return f"{day_text(local, language)} {local.hour:02d}:{local.minute:02d}"


@lru_cache(maxsize=256)
def _offset_text(zone: str, offset: timedelta | None) -> str:
    return f"{zone} (UTC{_offset(offset)})"


def _offset(offset: timedelta | None) -> str:
    offset = offset or timedelta()
    sign = "−" if offset < timedelta() else "+"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


_SWAP_MARKS = str.maketrans({",": ".", ".": ","})


def _is_portuguese(language: str) -> bool:
    return language.startswith("pt")
