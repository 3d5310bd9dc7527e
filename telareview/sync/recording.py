"""Pages of a walk into the mirror: rows, quarantine and counts in the caller's transaction."""

from collections.abc import Sequence

from telareview.accounts.models import Workspace
from telareview.sync.models import SyncRun
from telareview.sync.runs import count_pages, quarantine
from telareview.sync.walk import Step
from telareview.tasks.mirror import Look, Recorded, record_looks
from telareview.tasks.models import Learned
from telareview.tasks.snapshots import Snapshot

LEARNED_BY = {
    SyncRun.Kind.BACKFILL: Learned.PULL,
    SyncRun.Kind.PULL: Learned.PULL,
    SyncRun.Kind.SWEEP: Learned.SWEEP,
    SyncRun.Kind.LIVE: Learned.LIVE,
    SyncRun.Kind.REFRESH: Learned.REFRESH,
}


def record_step(workspace: Workspace, run: SyncRun, step: Step) -> Recorded:
    """Mirror the page's tasks, keep its unreadable rows, and count both on the run."""
    return record_steps(workspace, run, [(step, [*map(Snapshot, step.page.tasks)])])[0]


def record_steps(
    workspace: Workspace, run: SyncRun, pages: Sequence[tuple[Step, Sequence[Snapshot]]]
) -> list[Recorded]:
    """Several pages, each with its tasks on their way into the mirror, at the cost of one."""
    learned_by = LEARNED_BY[SyncRun.Kind(run.kind)]
    steps = [step for step, _snapshots in pages]
    told = record_looks((snapshots, Look(workspace, learned_by, step.asked_at, run.pk)) for step, snapshots in pages)
    rejected = [quarantine(workspace, step.page.rejected, run) for step in steps]
    count_pages(run, zip(told, rejected, (step.reread for step in steps), strict=True))
    return told
