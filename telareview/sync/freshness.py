"""How old the mirror is, and whether that is loud."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.models import Bookmark, SyncRun
from telareview.sync.progress import FillProgress, fill_progress

#: Three missed cycles of 30 s, and a little.
STALE_AFTER = dt.timedelta(seconds=100)


@dataclass(frozen=True, slots=True)
class Freshness:
    #: Everything Tela had shown by then is here; None before the first fill has ended.
    synced_at: dt.datetime | None
    failing_since: dt.datetime | None
    #: A fill that is under way, and how far it is.
    filling: SyncRun | None
    fill: FillProgress | None
    #: The last run that ended, with its error if it had one.
    last_error: str

    @property
    def is_stale(self) -> bool:
        return self.synced_at is not None and timezone.now() - self.synced_at > STALE_AFTER


def freshness_of(workspace: Workspace) -> Freshness:
    """Three statements at most."""
    bookmark = Bookmark.objects.filter(workspace=workspace).first()
    last = SyncRun.objects.filter(workspace=workspace, kind__in=("pull", "backfill")).order_by("-started_at").first()
    running_fill = last if last is not None and last.kind == SyncRun.Kind.BACKFILL and last.ended_at is None else None
    return Freshness(
        synced_at=bookmark.synced_at if bookmark else None,
        failing_since=bookmark.failing_since if bookmark else None,
        filling=running_fill,
        fill=fill_progress(workspace, running_fill) if running_fill else None,
        last_error=last.spoken_error if last is not None else "",
    )
