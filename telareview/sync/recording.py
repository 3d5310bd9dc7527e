"""One page of a walk into the mirror: rows, quarantine and counts in the caller's transaction."""

from telareview.accounts.models import Workspace
from telareview.sync.models import SyncRun
from telareview.sync.runs import count_page, quarantine
from telareview.sync.walk import Step
from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned

LEARNED_BY = {
    SyncRun.Kind.BACKFILL: Learned.PULL,
    SyncRun.Kind.PULL: Learned.PULL,
    SyncRun.Kind.SWEEP: Learned.SWEEP,
    SyncRun.Kind.LIVE: Learned.LIVE,
    SyncRun.Kind.REFRESH: Learned.REFRESH,
}


def record_step(workspace: Workspace, run: SyncRun, step: Step) -> Recorded:
    """Mirror the page's tasks, keep its unreadable rows, and count both on the run."""
    look = Look(workspace, LEARNED_BY[SyncRun.Kind(run.kind)], step.asked_at, run.pk)
    recorded = record_tasks(step.page.tasks, look)
    rejected = quarantine(workspace, step.page.rejected, run)
    count_page(run, recorded, rejected, step.reread)
    return recorded
