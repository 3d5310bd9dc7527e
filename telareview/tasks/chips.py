"""Active criteria in words, each with the address of the list without it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from telareview.accounts.pseudonyms import person_shown, text_shown
from telareview.tasks.filters import OutputCondition, Span, TaskFilter
from telareview.tasks.moments import Moment
from telareview.tasks.words import revision_word, status_word
from telareview.web import times


@dataclass(frozen=True, slots=True)
class Chip:
    label: str | Promise
    value: str
    #: The list without this one.
    address: str


LABELS: dict[str, Promise] = {
    "q": gettext_lazy("Search"),
    "status": gettext_lazy("Status"),
    "approved_by": gettext_lazy("Approver"),
    "created_by": gettext_lazy("Creator"),
    "revision_process": gettext_lazy("Revision"),
    "approved_at": gettext_lazy("Approved"),
    "created_at": gettext_lazy("Created"),
    "updated_at": gettext_lazy("Updated"),
    "prompt_application_id": gettext_lazy("App"),
    "prompt_version_id": gettext_lazy("Canvas version"),
    "ids": gettext_lazy("Id"),
    "task_name": gettext_lazy("Name"),
    "tags": gettext_lazy("Tag"),
    "edited_field": gettext_lazy("Edited field"),
    "output": gettext_lazy("Output"),
    "gone": gettext_lazy("Gone tasks"),
    "as_of": gettext_lazy("As of"),
}


def chips(task_filter: TaskFilter, path: str, app_names: Mapping[UUID, str]) -> list[Chip]:
    """One chip for each value of each criterion."""
    start = task_filter.from_start()
    made: list[Chip] = []
    for name, label in LABELS.items():
        held = getattr(start, name)
        if isinstance(held, tuple):
            for value in held:
                rest = tuple(other for other in held if other != value)
                made.append(Chip(label, _shown(name, value, app_names), start.replace(**{name: rest}).address(path)))
        elif held and held != "exclude":
            empty: Any = {"gone": "exclude", "as_of": None}.get(name, Span() if isinstance(held, Span) else "")
            made.append(Chip(label, _shown(name, held, app_names), start.replace(**{name: empty}).address(path)))
    return made


def _shown(name: str, value: Any, app_names: Mapping[UUID, str]) -> str:
    match value:
        case Span():
            return show_span(value)
        case UUID() if name == "prompt_application_id" and value in app_names:
            return app_names[value]
        case OutputCondition():
            sign = {"": "=", "gte": "≥", "lte": "≤", "contains": "∋"}[value.operator]
            return f"{value.path} {sign} {text_shown(value.value)}"
    match name:
        case "status":
            return str(status_word(value))
        case "revision_process":
            return str(revision_word(value))
        case "gone":
            return _("only") if value == "only" else _("included")
        case "as_of":
            return show_edge(value)
        case "approved_by" | "created_by":
            return person_shown(str(value))
    return text_shown(str(value))


def show_span(span: Span) -> str:
    """`1 Mar – 31 Mar 2026`, `from 1 Mar 2026`, `until 31 Mar 2026`."""
    match (span.since, span.until):
        case (None, dt.date() as until):
            return _("until %(until)s") % {"until": show_edge(until)}
        case (dt.date() as since, None):
            return _("from %(since)s") % {"since": show_edge(since)}
        case (dt.date() as since, dt.date() as until):
            return show_edge(since) if since == until else f"{show_edge(since)} – {show_edge(until)}"
    return ""


def show_edge(moment: Moment) -> str:
    language = get_language() or "en"
    if isinstance(moment, dt.datetime):
        return times.absolute_text(moment, language, get_current_timezone())
    return times.day_text(moment, language)
