"""Points in time as a person types them: a day of the reader's zone, or an instant."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

type Moment = dt.date | dt.datetime

EPOCH_SECONDS = re.compile(r"\d{9,10}")
EPOCH_MILLISECONDS = re.compile(r"\d{12,13}")
#: Years outside are typing errors, and PostgreSQL and Python disagree about the far ends.
FIRST_YEAR, LAST_YEAR = 1970, 2999


def parse_moment(text: str, zone: ZoneInfo) -> Moment:
    """A day (`2026-03-01`), an ISO instant, or epoch seconds or milliseconds.

    An instant without a zone is one of the reader's `zone`. Instants come back aware, in UTC.
    Raises ValueError when the text is none of these.
    """
    text = text.strip()
    if EPOCH_SECONDS.fullmatch(text):
        return _checked(dt.datetime.fromtimestamp(int(text), dt.UTC))
    if EPOCH_MILLISECONDS.fullmatch(text):
        return _checked(
            dt.datetime.fromtimestamp(int(text) // 1000, dt.UTC) + dt.timedelta(milliseconds=int(text) % 1000)
        )
    if len(text) <= len("2026-03-01"):
        day = dt.date.fromisoformat(text)
        return _checked(day)
    # A `+` of an offset typed into an address arrives as a blank.
    instant = dt.datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text) if "T" in text else text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    try:
        return _checked(instant.astimezone(dt.UTC))
    except OverflowError as error:
        raise ValueError(text) from error


def show_moment(moment: Moment) -> str:
    """The canonical spelling: `2026-03-01`, or `2026-03-01T03:00:00Z` with as many digits as needed."""
    if not isinstance(moment, dt.datetime):
        return moment.isoformat()
    text = moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def first_instant(moment: Moment, zone: ZoneInfo) -> dt.datetime:
    """The instant itself, or midnight at which the day begins in `zone`."""
    if isinstance(moment, dt.datetime):
        return moment
    return dt.datetime.combine(moment, dt.time.min, zone).astimezone(dt.UTC)


def end_instant(moment: Moment, zone: ZoneInfo) -> tuple[dt.datetime, bool]:
    """The instant and whether it belongs to the span itself: a day ends before the next midnight in `zone`."""
    if isinstance(moment, dt.datetime):
        return moment, True
    return dt.datetime.combine(moment + dt.timedelta(days=1), dt.time.min, zone).astimezone(dt.UTC), False


def _checked[M: (dt.date, dt.datetime)](moment: M) -> M:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"year {moment.year}")
    return moment
