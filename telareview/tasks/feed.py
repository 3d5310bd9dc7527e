"""The feed of changes: every version of every task as a sentence, newest first by our clock."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db.models import Max
from django.db.models.fields.tuple_lookups import TupleIn
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from telareview.accounts.models import Workspace
from telareview.tasks.chips import Chip
from telareview.tasks.feed_filter import FeedFilter, parse_feed
from telareview.tasks.feed_form import FeedForm, feed_chips, feed_form
from telareview.tasks.filter_form import Facets, people_of
from telareview.tasks.filters import PAGE_SIZES, Reader
from telareview.tasks.listing import SizeLink, app_word
from telareview.tasks.models import TaskVersion, ToldVersion
from telareview.tasks.querysets import FactsQuerySet
from telareview.tasks.sentences import MAX_NAMED_PATHS, gap_words, learned_word, sentence, told_paths
from telareview.tasks.timeline import OURS_ALONE, gap_before

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

SEPARATOR = "~"
LARGEST_KEY = 2**63 - 1


class BrokenPlace(ValueError):
    """The place in the feed cannot be read; it starts at its newest."""


@dataclass(frozen=True, slots=True)
class Place:
    """The change a page starts behind: when it was observed, and its key."""

    observed_at: dt.datetime
    key: int

    @classmethod
    def of(cls, version: TaskVersion) -> Self:
        return cls(version.observed_at, version.pk)

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises BrokenPlace."""
        moment, _sign, key = text.partition(SEPARATOR)
        try:
            observed_at = dt.datetime.fromisoformat(moment)
            if observed_at.tzinfo is None or not key.isascii() or not key.isdecimal() or int(key) > LARGEST_KEY:
                raise BrokenPlace(text)
            return cls(observed_at.astimezone(dt.UTC), int(key))
        except (ValueError, OverflowError) as error:
            raise BrokenPlace(text) from error

    def __str__(self) -> str:
        return f"{self.observed_at.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}Z{SEPARATOR}{self.key}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, told."""

    version: TaskVersion
    sentence: str
    fields: list[str]
    more_fields: int
    learned: str
    app: str
    #: By Tela's clock; None for what Tela has no clock for (a task no longer served).
    changed_at: dt.datetime | None
    #: What may lie before it, unknown; "" when nothing does.
    gap: str

    @property
    def address(self) -> str:
        return f"/tasks/{self.version.task_id}/versions/{self.version.number}/"

    @property
    def erased(self) -> str:
        """What stands in the place of a name that was erased; "" where none was."""
        number = self.version.erasure
        return _("Erased under request %(number)d") % {"number": number} if number and not self.version.name else ""

    @property
    def task_address(self) -> str:
        return f"/tasks/{self.version.task_id}/"


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of it. Addresses are "" where there is nothing to go to."""

    feed_filter: FeedFilter
    notices: list[str]
    form: FeedForm
    chips: list[Chip]
    entries: list[Entry]
    older_address: str
    newer_address: str
    first_address: str
    clear_address: str
    sizes: list[SizeLink]
    #: `nothing_synced`, `nothing_matches` or "".
    empty: str
    path: str


def make_feed(request: "MemberRequest") -> Feed:
    """The page that the address asks for. At most a dozen statements, whatever its size."""
    zone, path = get_current_timezone(), reverse("history")
    reader = Reader(zone, now=timezone.now(), page_size=request.user.page_size)
    feed_filter, problems = parse_feed(request.GET, reader)
    notices = [str(problem) for problem in problems]
    matching = feed_filter.matching(TaskVersion.objects.of(request.workspace), zone)
    try:
        versions, older, newer = _page(matching, feed_filter)
    except BrokenPlace:
        notices.append(_("This place in the history cannot be found again; it starts at its newest."))
        feed_filter = feed_filter.from_start()
        versions, older, newer = _page(matching, feed_filter)
    facets = Facets.of(request.workspace)
    start = feed_filter.from_start()
    return Feed(
        feed_filter=feed_filter,
        notices=notices,
        form=feed_form(feed_filter, facets, people_of(request.workspace)),
        chips=feed_chips(feed_filter, path, facets.app_names),
        entries=_told(request.workspace, versions, facets.app_names),
        older_address=start.replace(older_than=str(Place.of(versions[-1]))).address(path) if older else "",
        newer_address=start.replace(newer_than=str(Place.of(versions[0]))).address(path) if newer else "",
        first_address=start.address(path) if feed_filter != start else "",
        clear_address=feed_filter.without_criteria().address(path),
        sizes=[SizeLink(size, start.replace(limit=size).address(path), size == start.limit) for size in PAGE_SIZES],
        empty="" if versions else ("nothing_matches" if facets.statuses else "nothing_synced"),
        path=path,
    )


def _page(matching: FactsQuerySet, feed_filter: FeedFilter) -> tuple[list[TaskVersion], bool, bool]:
    """The versions of the page, newest first, and whether there are older and newer ones. Raises BrokenPlace."""
    wanted = feed_filter.limit + 1
    if feed_filter.newer_than:
        place = Place.read(feed_filter.newer_than)
        later = matching.beyond(("observed_at", "id"), (place.observed_at, place.key), descending=False)
        found = later.first_rows(("observed_at", "id"), wanted)
        if len(found) > feed_filter.limit:
            return found[: feed_filter.limit][::-1], True, True
        # The newest is nearer than a whole page: show the first page, full.
        return _page(matching, feed_filter.from_start())
    if feed_filter.older_than:
        place = Place.read(feed_filter.older_than)
        matching = matching.beyond(("observed_at", "id"), (place.observed_at, place.key), descending=True)
    found = matching.first_rows(("-observed_at", "-id"), wanted)
    page = found[: feed_filter.limit]
    return page, len(found) > feed_filter.limit, bool(feed_filter.older_than and page)


def _told(workspace: Workspace, versions: Sequence[TaskVersion], app_names: Mapping[UUID, str]) -> list[Entry]:
    """Each version beside the one before it. Two statements."""
    before = _before(workspace, versions)
    told = ToldVersion.objects.filter(workspace=workspace, task_id__in={version.task_id for version in versions})
    told_until = dict(told.values("task_id").annotate(last=Max("observed_at")).values_list("task_id", "last"))
    return [
        _entry(version, before.get((version.task_id, version.number - 1)), told_until.get(version.task_id), app_names)
        for version in versions
    ]


def _before(workspace: Workspace, versions: Sequence[TaskVersion]) -> dict[tuple[UUID, int], TaskVersion]:
    """The versions before these, by task and number."""
    wanted = [(version.task_id, version.number - 1) for version in versions if version.number > 1]
    if not wanted:
        return {}
    found = TaskVersion.objects.of(workspace).filter(TupleIn(("task_id", "number"), wanted))
    return {(version.task_id, version.number): version for version in found}


def _entry(
    version: TaskVersion, before: TaskVersion | None, told_until: dt.datetime | None, app_names: Mapping[UUID, str]
) -> Entry:
    ours_alone = version.kind in OURS_ALONE
    at = version.observed_at if ours_alone else version.updated_at
    paths = told_paths(version.changed_paths)
    return Entry(
        version=version,
        sentence=sentence(version, before),
        fields=paths[:MAX_NAMED_PATHS],
        more_fields=max(0, len(paths) - MAX_NAMED_PATHS),
        learned=learned_word(version),
        app=app_word(version.prompt_application_id, app_names),
        changed_at=None if ours_alone else version.updated_at,
        gap=gap_words(is_first=version.number == 1) if gap_before(version, before, at, told_until) else "",
    )
