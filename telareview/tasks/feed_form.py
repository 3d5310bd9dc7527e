"""What the feed's filter bar offers, and its active criteria in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview.tasks.chips import Chip, show_span
from telareview.tasks.feed_filter import KINDS, FeedFilter
from telareview.tasks.filter_form import Facets, Option, SpanInputs, options
from telareview.tasks.filters import Span
from telareview.tasks.models import Kind

LABELS: dict[str, Promise] = {
    "kind": _("Kind"),
    "person": _("Person"),
    "approved_by": _("Approver"),
    "prompt_application_id": _("App"),
    "observed_at": _("Seen"),
    "edited_field": _("Edited field"),
}
#: Parameters that the bar has fields for, and the place, which is left behind when the filter changes.
FIELDS = frozenset(
    (
        *("kind", "person", "promptApplicationId", "observedAtSince", "observedAtUntil", "editedField"),
        *("olderThan", "newerThan"),
    )
)


@dataclass(frozen=True, slots=True)
class FeedForm:
    feed_filter: FeedFilter
    kinds: list[Option]
    people: list[Option]
    apps: list[Option]
    observed: SpanInputs
    #: Parameters without a field in the bar, carried along by hidden ones.
    carried: list[tuple[str, str]]


def feed_form(feed_filter: FeedFilter, facets: Facets, people: Iterable[str]) -> FeedForm:
    return FeedForm(
        feed_filter=feed_filter,
        kinds=options(KINDS, feed_filter.kind, kind_word),
        people=options(people, feed_filter.person, str),
        apps=options(
            map(str, facets.apps),
            tuple(map(str, feed_filter.prompt_application_id)),
            lambda app: _app(UUID(app), facets.app_names),
        ),
        observed=SpanInputs.of("observedAt", feed_filter.observed_at),
        carried=[pair for pair in feed_filter.from_start().as_pairs() if pair[0] not in FIELDS],
    )


def feed_chips(feed_filter: FeedFilter, path: str, app_names: Mapping[UUID, str]) -> list[Chip]:
    """One chip for each value of each criterion."""
    start = feed_filter.from_start()
    made: list[Chip] = []
    for name, label in LABELS.items():
        held = getattr(start, name)
        if isinstance(held, Span):
            if held:
                made.append(Chip(label, show_span(held), start.replace(**{name: Span()}).address(path)))
            continue
        for value in held:
            rest = tuple(other for other in held if other != value)
            made.append(Chip(label, _shown(name, value, app_names), start.replace(**{name: rest}).address(path)))
    return made


def kind_word(kind: str) -> str | Promise:
    return Kind(kind).label


def _shown(name: str, value: Any, app_names: Mapping[UUID, str]) -> str:
    match name:
        case "kind":
            return str(kind_word(value))
        case "prompt_application_id":
            return _app(value, app_names)
    return str(value)


def _app(application_id: UUID, app_names: Mapping[UUID, str]) -> str:
    text = str(application_id)
    return app_names.get(application_id, f"{text[:8]}…{text[-4:]}")
