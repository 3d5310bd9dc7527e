"""How far a first fill is: share, tasks, rate and remaining time."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.models import BackfillWindow, SyncRun


@dataclass(frozen=True, slots=True)
class FillProgress:
    #: 0 to 1, by the stretch of time walked; tasks are not spread evenly, so it is an estimate.
    share: float
    tasks: int
    #: Tasks a second since the run began.
    rate: float
    #: None before anything can be said.
    remaining_seconds: float | None

    @property
    def percent(self) -> int:
        return round(self.share * 100)


def fill_progress(workspace: Workspace, run: SyncRun) -> FillProgress:
    """The progress of a fill that is running. One statement."""
    shares = [window_share(window) for window in BackfillWindow.objects.filter(workspace=workspace)]
    share = sum(shares) / len(shares) if shares else 0.0
    seconds = max(run.seconds, 0.001)
    remaining = seconds / share * (1 - share) if share > 0.01 else None
    return FillProgress(share, run.fetched, run.fetched / seconds, remaining)


def window_share(window: BackfillWindow) -> float:
    """How much of its stretch of time is walked: 0 to 1."""
    if window.done or window.position is None:
        return float(window.done)
    until = window.until or timezone.now()
    return min(1.0, (window.position - window.since) / max(until - window.since, dt.timedelta(seconds=1)))
