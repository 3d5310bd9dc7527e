"""From a query string to a `TaskFilter`: what cannot be read is dropped and told, never guessed."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from telareview.tasks.filters import ORDER_COLUMNS, REVISIONS, STATUSES, OutputCondition, Reader, Span, TaskFilter
from telareview.tasks.moments import Moment, end_instant, first_instant, parse_moment

#: A value longer than this is no search but an accident; the longest path or e-mail is far below it.
MAX_VALUE_CHARACTERS = 500
#: Values of one criterion; the API itself is asked for at most 100 ids at a time.
MAX_VALUES = 200
MAX_LIMIT = 100
MAX_PAGE = 10_000_000
OUTPUT = re.compile(r"output\.(?P<path>.+?)(?:__(?P<operator>gte|lte|contains))?")
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class MultiDict(Protocol):
    """What `request.GET` is: names with one or several values."""

    def lists(self) -> Iterable[tuple[str, list[str]]]: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One parameter that was left out, and why, in words."""

    parameter: str
    value: str
    reason: str

    def __str__(self) -> str:
        return self.reason


class _Reading:
    """Collects fields and problems while one query string is read."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.fields: dict[str, Any] = {}
        self.problems: list[Problem] = []

    def refuse(self, parameter: str, value: str, reason: str) -> None:
        self.problems.append(Problem(parameter, value, reason))

    def each(self, parameter: str, values: list[str], check: Callable[[str], Any], expected: str) -> tuple[Any, ...]:
        """The readable values, without repeats, in their order."""
        kept: dict[Any, None] = {}
        for value in values[:MAX_VALUES]:
            try:
                kept[check(value)] = None
            except (ValueError, OverflowError):
                self.refuse(parameter, value, _broken(parameter, value, expected))
        if len(values) > MAX_VALUES:
            self.refuse(
                parameter,
                "",
                _("%(parameter)s has more than %(count)d values; the first %(count)d are used.")
                % {"parameter": parameter, "count": MAX_VALUES},
            )
        return tuple(kept)

    def one(self, parameter: str, values: list[str], check: Callable[[str], Any], expected: str) -> Any:
        """The last readable value, as browsers and servers agree for repeated fields; None without one."""
        kept = self.each(parameter, values[-1:], check, expected)
        return kept[-1] if kept else None


def parse(query: MultiDict, reader: Reader) -> tuple[TaskFilter, list[Problem]]:
    """The filter that `query` asks for, and what of it was left out.

    Empty values mean "not set" and are no problem: a plain form sends them.
    """
    reading = _read(query, PARAMETERS, reader)
    if (span := reading.fields.pop("alias", None)) is not None:
        own = reading.fields.get("approved_at", Span())
        reading.fields["approved_at"] = Span(own.since or span.since, own.until or span.until)
    if reading.fields.get("as_of") and reading.fields.pop("output", None):
        reading.refuse("output", "", _("Outputs are searched in the present only; with asOf that filter was left out."))
    if reading.fields.get("after"):
        reading.fields.pop("before", None)
    size = reader.page_size
    return TaskFilter(**{"limit": size, **reading.fields}, usual_limit=size), reading.problems


def read_parameters(
    query: MultiDict, parameters: Mapping[str, "Taker"], reader: Reader
) -> tuple[dict[str, Any], list[Problem]]:
    """Fields by their names in a filter, read by other parameters than the list's, and what was left out."""
    reading = _read(query, parameters, reader)
    return reading.fields, reading.problems


def _read(query: MultiDict, parameters: Mapping[str, "Taker"], reader: Reader) -> "_Reading":
    reading = _Reading(reader)
    for raw_name, raw_values in query.lists():
        name = raw_name.removesuffix("[]")
        values = [value for value in raw_values if value.strip()]
        readable = [value for value in values if not UNREADABLE.search(value) and len(value) <= _limit_of(name)]
        for value in values:
            if value not in readable:
                reading.refuse(
                    name[:40],
                    "",
                    _("A value of %(parameter)s is unreadable or too long and was left out.")
                    % {"parameter": _shown(name)},
                )
        if name in parameters:
            if readable:
                parameters[name](reading, name, readable)
        elif parameters is PARAMETERS and (match := _output_named(name)):
            _output(reading, match, readable)
        else:
            reading.refuse(
                name, "", _("“%(parameter)s” is not a known filter and was left out.") % {"parameter": _shown(name)}
            )
    return reading


def _output_named(name: str) -> re.Match[str] | None:
    return None if UNREADABLE.search(name) or len(name) > MAX_VALUE_CHARACTERS else OUTPUT.fullmatch(name)


def _limit_of(name: str) -> int:
    return 60 * MAX_VALUES if name in {"ids", "status", "cols"} else MAX_VALUE_CHARACTERS


def _shown(text: str) -> str:
    text = UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= 40 else text[:39] + "…"


def _broken(parameter: str, value: str, expected: str) -> str:
    return _("%(parameter)s: “%(value)s” is not %(expected)s; it was left out.") % {
        "parameter": parameter,
        "value": _shown(value),
        "expected": expected,
    }


def _flattened(values: list[str], *, commas: bool) -> list[str]:
    """Single values out of the API's spellings: repeated, a JSON array, or (for ids and statuses) a comma list."""
    flat: list[str] = []
    for value in values:
        if value.lstrip().startswith("["):
            try:
                parts = json.loads(value)
            except (ValueError, RecursionError):
                parts = None
            if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
                flat.extend(part for part in parts if part.strip() and not UNREADABLE.search(part))
                continue
        flat.extend(value.split(",") if commas else [value])
    return [value.strip() for value in flat if value.strip()]


type Taker = Callable[[_Reading, str, list[str]], None]


def several_values(
    field: str, check: Callable[[_Reading], Callable[[str], Any]], expected: Callable[[], str], *, commas: bool = False
) -> Taker:
    def take(reading: _Reading, name: str, values: list[str]) -> None:
        kept = reading.each(name, _flattened(values, commas=commas), check(reading), expected())
        if kept:
            reading.fields[field] = kept

    return take


def one_value(field: str, check: Callable[[str], Any], expected: Callable[[], str]) -> Taker:
    def take(reading: _Reading, name: str, values: list[str]) -> None:
        kept = reading.one(name, values, check, expected())
        if kept is not None:
            reading.fields[field] = kept

    return take


def an_edge(field: str, side: str) -> Taker:
    def take(reading: _Reading, name: str, values: list[str]) -> None:
        expected = _("a date such as 2026-03-01 or an instant such as 2026-03-01T12:00:00Z")
        moment: Moment | None = reading.one(
            name, values, lambda text: parse_moment(text, reading.reader.zone), expected
        )
        if moment is not None:
            span = reading.fields.get(field, Span())
            reading.fields[field] = Span(**{"since": span.since, "until": span.until, side: moment})

    return take


def _as_of(reading: _Reading, name: str, values: list[str]) -> None:
    """A day means its end, or now if it has not ended; a moment that is still to come is left out."""
    expected = _("a date such as 2026-03-01 or an instant such as 2026-03-01T12:00:00Z")
    moment = reading.one(name, values, lambda text: parse_moment(text, reading.reader.zone), expected)
    if moment is None:
        return
    now, zone = reading.reader.now, reading.reader.zone
    if now is not None and first_instant(moment, zone) > now:
        reading.refuse(name, values[-1], _("asOf lies in the future; the present is shown."))
        return
    end, _included = end_instant(moment, zone)
    reading.fields["as_of"] = end if now is None else min(end, now)


def _output(reading: _Reading, match: re.Match[str], values: list[str]) -> None:
    made = [OutputCondition(match["path"], match["operator"] or "", value) for value in values]  # type: ignore[arg-type]
    if made:
        reading.fields["output"] = tuple(sorted({*reading.fields.get("output", ()), *made}))


def a_text(text: str) -> str:
    return text.strip()


def a_choice(*allowed: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return check


def a_number(least: int, most: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return check


def _columns(reading: _Reading, name: str, values: list[str]) -> None:
    """A comma list, or one tick a column."""
    reading.fields["cols"] = tuple(dict.fromkeys(_flattened(values, commas=True)))


def _uuids(reading: _Reading) -> Callable[[str], UUID]:
    return UUID


def _words(reading: _Reading) -> Callable[[str], str]:
    return a_text


PARAMETERS: Mapping[str, Taker] = {
    "q": one_value("q", a_text, lambda: _("a search")),
    "status": several_values(
        "status",
        lambda reading: a_choice(*STATUSES, *reading.reader.statuses),
        lambda: _("a known status"),
        commas=True,
    ),
    "approvedBy": several_values("approved_by", _words, lambda: _("an e-mail address")),
    "createdBy": several_values("created_by", _words, lambda: _("an e-mail address")),
    "revisionProcess": several_values(
        "revision_process",
        lambda reading: a_choice(*REVISIONS),
        lambda: _("approvedDirectly or approvedWithRevisions"),
        commas=True,
    ),
    "approvedAtSince": an_edge("approved_at", "since"),
    "approvedAtUntil": an_edge("approved_at", "until"),
    # Deprecated names of the API: they filter on the time of approval.
    "since": an_edge("alias", "since"),
    "until": an_edge("alias", "until"),
    "createdAtSince": an_edge("created_at", "since"),
    "createdAtUntil": an_edge("created_at", "until"),
    "updatedAtSince": an_edge("updated_at", "since"),
    "updatedAtUntil": an_edge("updated_at", "until"),
    "promptApplicationId": several_values("prompt_application_id", _uuids, lambda: _("an app's id"), commas=True),
    "promptVersionId": several_values("prompt_version_id", _uuids, lambda: _("a canvas version's id"), commas=True),
    "ids": several_values("ids", _uuids, lambda: _("a task's id"), commas=True),
    "taskName": one_value("task_name", a_text, lambda: _("a name")),
    "tags": several_values("tags", _words, lambda: _("a tag")),
    "editedField": several_values("edited_field", _words, lambda: _("a field's path")),
    "gone": one_value("gone", a_choice("exclude", "include", "only"), lambda: _("include or only")),
    "asOf": _as_of,
    "source": one_value(
        "source", lambda text: "" if text == "mirror" else a_choice("live")(text), lambda: _("live or mirror")
    ),
    "orderBy": one_value("order_by", a_choice(*ORDER_COLUMNS), lambda: _("a column that can be sorted by")),
    "order": one_value("order", a_choice("asc", "desc"), lambda: _("asc or desc")),
    "limit": one_value("limit", a_number(1, MAX_LIMIT), lambda: _("a number from 1 to %(most)d") % {"most": MAX_LIMIT}),
    "cols": _columns,
    "page": one_value("page", a_number(0, MAX_PAGE), lambda: _("a page number")),
    "after": one_value("after", a_text, lambda: _("a place in the list")),
    "before": one_value("before", a_text, lambda: _("a place in the list")),
}
