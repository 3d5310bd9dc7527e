"""`{% load formats %}`: moments, spans and figures in the reader's language and zone. None is shown as —."""

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from telareview.web import direction, times
from telareview.web.direction import escape

register = template.Library()

DEFAULT_CUT = 24

register.filter("show_marks", direction.show_marks)


class Reading(NamedTuple):
    """In whose language and zone moments are shown, and how late it is: asked once for a whole table."""

    language: str
    zone: tzinfo
    now: datetime

    @classmethod
    def here(cls) -> "Reading":
        return cls(get_language() or "en", timezone.get_current_timezone(), timezone.now())


@register.filter
def instant(moment: datetime | None) -> SafeString | str:
    """A `<time>`: relative under 24 hours and absolute otherwise, the exact moment with its zone as the title.

    A relative one carries its absolute text as `data-relative`, so that a script can keep it true on an open page.
    """
    return times.MISSING if moment is None else instant_element(moment, Reading.here())


def instant_element(moment: datetime, reading: Reading) -> SafeString:
    """What the filter `instant` makes, for whoever has the reading at hand."""
    language, zone, now = reading
    relative = times.relative_text(moment, now, language)
    if relative is None:
        return _absolute_element(moment, language, zone)
    absolute, exact = times.absolute_and_exact_text(moment, language, zone)
    return _time_element(moment, relative, exact, absolute)


@register.filter
def absolute_instant(moment: datetime | None) -> SafeString | str:
    """A `<time>` that always shows the date, with the exact moment and its zone as the title."""
    if moment is None:
        return times.MISSING
    return _absolute_element(moment, get_language() or "en", timezone.get_current_timezone())


@register.filter
def precise_instant(moment: datetime | None) -> SafeString | str:
    """A `<time>` with seconds and offset, `22 Nov 2026 12:00:05 −03:00`, and its zone as the title."""
    if moment is None:
        return times.MISSING
    language, zone = get_language() or "en", timezone.get_current_timezone()
    return _time_element(moment, times.precise_text(moment, language, zone), times.exact_text(moment, language, zone))


@register.filter
def exact_instant(moment: datetime | None) -> SafeString | str:
    """A `<time>` with seconds, zone and offset in full view: for detail pages."""
    if moment is None:
        return times.MISSING
    exact = times.exact_text(moment, get_language() or "en", timezone.get_current_timezone())
    return _time_element(moment, exact, times.iso_text(moment))


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """A `<time>` with the day alone; a moment's day is the one in the reader's zone."""
    if value is None:
        return times.MISSING
    if isinstance(value, datetime):
        value = value.astimezone(timezone.get_current_timezone()).date()
    return _time_element(value, times.day_text(value, get_language() or "en"), "")


@register.filter
def number(value: Any) -> str:
    """A figure with thousands separators; anything that is no figure unchanged."""
    if value is None:
        return times.MISSING
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    return times.number_text(value, get_language() or "en")


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Seconds or a timedelta as `14 min`, `2 h 08`, `1 d 3 h`."""
    return times.MISSING if value is None else times.duration_text(value, get_language() or "en")


@register.filter
def file_size(value: int | None) -> str:
    """Bytes as `1.2 kB`."""
    return times.MISSING if value is None else times.file_size_text(value, get_language() or "en")


@register.filter
def short_id(value: Any) -> str:
    """`8b6d2c9a…7a80`."""
    return times.MISSING if value is None else times.short_id(str(value))


@register.filter
def middle_cut(value: Any, length: int = DEFAULT_CUT) -> str:
    """The text in at most `length` characters, the middle left out."""
    return times.MISSING if value is None else times.middle_cut(str(value), length)


@register.simple_tag
def zone() -> str:
    """The reader's time zone as it stands now: `America/Sao_Paulo (UTC−03:00)`."""
    return times.zone_text(timezone.get_current_timezone(), timezone.now())


@lru_cache(maxsize=10_000)
def _absolute_element(moment: datetime, language: str, zone: tzinfo) -> SafeString:
    """A list is read again and again: a hundred moments took a tenth of its page's time."""
    return _time_element(moment, *times.absolute_and_exact_text(moment, language, zone))


def _time_element(value: date, shown: str, title: str, absolute: str = "") -> SafeString:
    machine = times.iso_text(value) if isinstance(value, datetime) else value.isoformat()
    hint = f' title="{escape(title)}"' if title else ""
    if absolute:
        hint += f' data-relative="{escape(absolute)}"'
    # format_html does the same in three times the time.
    return mark_safe(f'<time datetime="{machine}"{hint}>{escape(shown)}</time>')  # noqa: S308  # nosec B308 B703
