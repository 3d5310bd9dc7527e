"""How old the mirror is, and whether that is loud."""

import datetime as dt
from dataclasses import dataclass

from django.core.cache import caches
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.exclusive import KINDS, is_being_pulled
from telareview.sync.models import Bookmark, SyncRun
from telareview.sync.progress import Progress, progress_of

#: Cycles that may be missed, and what a cycle itself may take.
MISSED_CYCLES, A_CYCLE_TAKES = 3, dt.timedelta(seconds=10)
DEFAULT_SECONDS = 30
#: How long the word at the head of every page may be late: asking took a tenth of the list page's time.
ALARM_KEPT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Freshness:
    #: Everything Tela had shown by then is here; None before the first fill has ended.
    synced_at: dt.datetime | None
    failing_since: dt.datetime | None
    #: After this moment without a pull that reached its end, three cycles are missed.
    stale_from: dt.datetime
    #: The run that holds the workspace's door, and how far it is: no pull gets in while a sweep is at it.
    pulling: SyncRun | None
    progress: Progress | None
    #: The last run that ended, with its error if it had one.
    last_error: str

    @property
    def is_filling(self) -> bool:
        return self.pulling is not None and self.pulling.kind == SyncRun.Kind.BACKFILL

    @property
    def is_stale(self) -> bool:
        """Whether three cycles were missed. A first fill takes as long as it takes."""
        return timezone.now() > self.stale_from and not (self.synced_at is None and self.is_filling)

    @property
    def is_loud(self) -> bool:
        return self.is_stale or self.failing_since is not None


def freshness_of(workspace: Workspace) -> Freshness:
    """Four statements at most, two where nobody pulls."""
    return _freshness(workspace, Bookmark.objects.filter(workspace=workspace).first())


def alarm_of(workspace: Workspace) -> Freshness | None:
    """The freshness if it is loud, for the head of every page; asked at most every few seconds."""
    alarm: Freshness | None = caches["pages"].get_or_set(
        f"alarm-{workspace.pk}", lambda: _alarm(workspace), ALARM_KEPT_SECONDS
    )
    return alarm


def _alarm(workspace: Workspace) -> Freshness | None:
    """One statement where all is well."""
    bookmark = Bookmark.objects.filter(workspace=workspace).first()
    if bookmark is not None and bookmark.failing_since is None and timezone.now() <= _stale_from(workspace, bookmark):
        return None
    freshness = _freshness(workspace, bookmark)
    return freshness if freshness.is_loud else None


def _freshness(workspace: Workspace, bookmark: Bookmark | None) -> Freshness:
    last = SyncRun.objects.filter(workspace=workspace, kind__in=KINDS).order_by("-started_at").first()
    # A run whose process was killed stays open until the next one closes it.
    under_way = last is not None and last.ended_at is None and is_being_pulled(workspace)
    return Freshness(
        synced_at=bookmark.synced_at if bookmark else None,
        failing_since=bookmark.failing_since if bookmark else None,
        stale_from=_stale_from(workspace, bookmark),
        pulling=last if under_way else None,
        progress=progress_of(workspace, last) if last is not None and under_way else None,
        last_error=last.spoken_error if last is not None else "",
    )


def _stale_from(workspace: Workspace, bookmark: Bookmark | None) -> dt.datetime:
    every = dt.timedelta(seconds=bookmark.every_seconds if bookmark else DEFAULT_SECONDS)
    since = (bookmark and bookmark.synced_at) or workspace.created_at
    return since + MISSED_CYCLES * every + A_CYCLE_TAKES
