"""What is asked of the feed of changes: one frozen filter between address, form, chips and SQL, as for the list."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from telareview.tasks.criteria import within
from telareview.tasks.doers import ChangeDoer
from telareview.tasks.filters import DEFAULT_PAGE_SIZE, Reader, Span
from telareview.tasks.models import Kind
from telareview.tasks.moments import show_moment
from telareview.tasks.parameters import (
    MAX_LIMIT,
    MultiDict,
    Problem,
    Taker,
    a_choice,
    a_number,
    a_text,
    an_edge,
    one_value,
    read_parameters,
    several_values,
)
from telareview.tasks.querysets import FactsQuerySet
from telareview.tasks.sentences import CONTENT

#: Kinds of a version; what Tela tells of its own past is no change that was observed.
KINDS = tuple(kind.value for kind in Kind if kind is not Kind.TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFilter:
    """All criteria AND, the values of one criterion OR. `parse_feed` makes one, `as_query` writes it back."""

    kind: tuple[str, ...] = ()
    #: Whoever did the change, as far as it is known (`tasks.doers`).
    person: tuple[str, ...] = ()
    #: The approver that the state names.
    approved_by: tuple[str, ...] = ()
    prompt_application_id: tuple[UUID, ...] = ()
    #: By our clock.
    observed_at: Span = field(default_factory=Span)
    #: Paths as the list writes them, below the output's content.
    edited_field: tuple[str, ...] = ()
    limit: int = DEFAULT_PAGE_SIZE
    usual_limit: int = DEFAULT_PAGE_SIZE
    #: Places (`tasks.feed`): the changes before, or after, the one named.
    older_than: str = ""
    newer_than: str = ""

    def replace(self, **changes: Any) -> Self:
        return dataclasses.replace(self, **changes)

    def from_start(self) -> Self:
        """The same feed at its newest."""
        return self.replace(older_than="", newer_than="")

    def without_criteria(self) -> Self:
        plain = FeedFilter()
        return self.from_start().replace(**{name: getattr(plain, name) for name in CRITERIA})

    @property
    def is_narrowed(self) -> bool:
        return any(getattr(self, name) for name in CRITERIA)

    def as_pairs(self) -> list[tuple[str, str]]:
        """Parameters in canonical order, defaults left out."""
        pairs: list[tuple[str, str]] = []

        def say(parameter: str, values: Iterable[Any]) -> None:
            pairs.extend((parameter, str(value)) for value in values)

        say("kind", self.kind)
        say("person", self.person)
        say("approvedBy", self.approved_by)
        say("promptApplicationId", self.prompt_application_id)
        say("observedAtSince", [show_moment(self.observed_at.since)] if self.observed_at.since else [])
        say("observedAtUntil", [show_moment(self.observed_at.until)] if self.observed_at.until else [])
        say("editedField", self.edited_field)
        say("limit", [self.limit] if self.limit != self.usual_limit else [])
        say("olderThan", [self.older_than] if self.older_than else [])
        say("newerThan", [self.newer_than] if self.newer_than else [])
        return pairs

    def address(self, path: str) -> str:
        query = urlencode(self.as_pairs())
        return f"{path}?{query}" if query else path

    def matching[V: FactsQuerySet](self, versions: V, zone: ZoneInfo) -> V:
        """Those of a workspace's versions that meet the criteria; days are days of `zone`."""
        seen = versions.filter(within("observed_at", self.observed_at, zone))
        asked = [held for name in CRITERIA if name != "observed_at" and (held := getattr(self, name))]
        found = seen.filter(self._conditions())
        # Of one kind, one approver or one app there is an index in the feed's own order.
        is_led = not (self.edited_field or self.person) and len(asked) == 1 and len(asked[0]) == 1
        return found if is_led or not asked else found.looked_for_among(seen)

    def _conditions(self) -> Q:
        every = Q()
        if self.kind:
            every &= Q(kind__in=self.kind)
        if self.person:
            every &= _done_by(self.person)
        if self.approved_by:
            every &= Q(approved_by__in=self.approved_by)
        if self.prompt_application_id:
            every &= Q(prompt_application_id__in=self.prompt_application_id)
        if self.edited_field:
            every &= _touches(self.edited_field)
        return every


CRITERIA = ("kind", "person", "approved_by", "prompt_application_id", "observed_at", "edited_field")


def _done_by(people: tuple[str, ...]) -> Q:
    """A change in which one of them had a hand."""
    hands = ChangeDoer.objects.filter(
        workspace=OuterRef("workspace"),
        person__in=[person.lower() for person in people],
        observed_at=OuterRef("observed_at"),
        version_id=OuterRef("pk"),
    )
    return Q(Exists(hands))


def _touches(paths: tuple[str, ...]) -> Q:
    """A change of the field itself; or the first sight of a state in which a reviewer had edited it."""
    written = [*paths, *(CONTENT + path for path in paths)]
    edited = Q(edited_paths__overlap=list(paths), kind__in=[Kind.FIRST_SEEN, Kind.APPROVED])
    return Q(changed_paths__overlap=written) | edited


def _person() -> str:
    return _("an e-mail address")


FEED_PARAMETERS: dict[str, Taker] = {
    "kind": several_values("kind", lambda _reading: a_choice(*KINDS), lambda: _("a kind of change"), commas=True),
    "person": several_values("person", lambda _reading: a_text, _person),
    "approvedBy": several_values("approved_by", lambda _reading: a_text, _person),
    "promptApplicationId": several_values(
        "prompt_application_id", lambda _reading: UUID, lambda: _("an app's id"), commas=True
    ),
    "observedAtSince": an_edge("observed_at", "since"),
    "observedAtUntil": an_edge("observed_at", "until"),
    "editedField": several_values("edited_field", lambda _reading: a_text, lambda: _("a field's path")),
    "limit": one_value("limit", a_number(1, MAX_LIMIT), lambda: _("a number from 1 to %(most)d") % {"most": MAX_LIMIT}),
    "olderThan": one_value("older_than", a_text, lambda: _("a place in the list")),
    "newerThan": one_value("newer_than", a_text, lambda: _("a place in the list")),
}


def parse_feed(query: MultiDict, reader: Reader) -> tuple[FeedFilter, list[Problem]]:
    """The filter that `query` asks for, and what of it was left out, as `tasks.parameters.parse`."""
    fields, problems = read_parameters(query, FEED_PARAMETERS, reader)
    if fields.get("older_than"):
        fields.pop("newer_than", None)
    return FeedFilter(**{"limit": reader.page_size, **fields}, usual_limit=reader.page_size), problems
