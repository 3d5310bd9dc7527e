"""The drift report: what a comparison found different between Tela and the mirror, task by task."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from telareview.accounts.models import Workspace
from telareview.sync.models import DriftFinding, SyncRun
from telareview.tasks.models import Task

FINDINGS_SHOWN = 500
#: Comparisons before this one that found something, to go back to.
OTHERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Report:
    """One comparison: a sweep, or a comparison of counts that swept the months that differed."""

    run: SyncRun
    #: At most FINDINGS_SHOWN.
    findings: Sequence[DriftFinding]
    count: int
    #: Tasks of the findings that the mirror holds, so that a link leads somewhere.
    mirrored: frozenset[UUID]

    @property
    def left_out(self) -> int:
        return self.count - len(self.findings)


def comparisons(workspace: Workspace, *, finding: bool = False) -> QuerySet[SyncRun]:
    """Comparisons that have ended, newest first, each with `found`: every sweep, and of counts those that found.

    With `finding` only those that found anything.
    """
    ended = SyncRun.objects.filter(workspace=workspace, ended_at__isnull=False).annotate(found=Count("findings"))
    kinds = Q(kind=SyncRun.Kind.RECONCILE, found__gt=0) | Q(kind=SyncRun.Kind.SWEEP, found__gte=int(finding))
    return ended.filter(kinds).order_by("-started_at")


def report_of(run: SyncRun) -> Report:
    """Three statements."""
    findings = list(run.findings.order_by("kind", "task_id")[:FINDINGS_SHOWN])
    return Report(run, findings, run.findings.count(), mirrored(run, findings))


def mirrored(run: SyncRun, findings: Sequence[DriftFinding]) -> frozenset[UUID]:
    """Tasks of the findings that have a page here. One statement."""
    held = Task.objects.filter(workspace_id=run.workspace_id, task_id__in=[each.task_id for each in findings])
    return frozenset(held.values_list("task_id", flat=True))
