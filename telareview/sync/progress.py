"""How far a run is: tasks, rate and, where its end is known, share and remaining time."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.models import BackfillWindow, SyncRun

#: Below this a rate says nothing of the rest.
LEAST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Progress:
    #: 0 to 1; None where the end is not known. Of a fill by the stretch of time walked: tasks are not spread evenly,
    #: so it is an estimate.
    share: float | None
    #: Tasks fetched by this run.
    tasks: int
    #: Tasks a second since the run began.
    rate: float
    #: None before anything can be said.
    remaining_seconds: float | None

    @property
    def percent(self) -> int | None:
        return None if self.share is None else int(self.share * 100)


type Tell = Callable[[SyncRun, Progress], None]


def progress_of(workspace: Workspace, run: SyncRun) -> Progress:
    """The progress of a run that is under way. One statement for a fill, none for others."""
    share = _share(workspace, run)
    seconds = max(run.seconds, 0.001)
    done = share - run.share_before if share is not None else 0.0
    remaining = seconds / done * (1 - share) if share is not None and done > LEAST_SHARE else None
    return Progress(share, run.fetched, run.fetched / seconds, remaining)


def fill_share(workspace: Workspace) -> float:
    """How much of the first fill is done: 0 to 1. One statement."""
    shares = [window_share(window) for window in BackfillWindow.objects.filter(workspace=workspace)]
    return sum(shares) / len(shares) if shares else 0.0


def window_share(window: BackfillWindow) -> float:
    """How much of its stretch of time is walked: 0 to 1."""
    if window.done or window.position is None:
        return float(window.done)
    until = window.until or timezone.now()
    return min(1.0, (window.position - window.since) / max(until - window.since, dt.timedelta(seconds=1)))


def _share(workspace: Workspace, run: SyncRun) -> float | None:
    if run.kind == SyncRun.Kind.BACKFILL:
        return fill_share(workspace)
    return min(1.0, run.fetched / run.expected) if run.expected else None
