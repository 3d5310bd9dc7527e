"""Algorithm B: the full comparison, on `createdAt` and light rows, against what the mirror holds.

`createdAt` never changes, so membership changes only by deletion (harmless when re-anchored) and at the end. What
the mirror lacks or holds differently is fetched whole; what a complete sweep did not meet is asked for by id.
100,000 tasks are about 1,000 calls.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.comparing import Differing, differing, mirror_differing
from telareview.sync.exclusive import Stopped
from telareview.sync.gone import ask_absent, confirm_absent
from telareview.sync.models import DriftFinding, SyncRun
from telareview.sync.progress import Tell, progress_of
from telareview.sync.runs import count_page, quarantine
from telareview.sync.walk import Step, walk
from telareview.tasks.mirror import Recorded
from telareview.tasks.models import Learned, Task
from telareview.tela import TelaClient, TelaError

#: Tasks younger than this at the sweep's start may simply not have been visible yet.
OVERLAP = dt.timedelta(seconds=120)
#: The end of the list is believed when it was told so often running: what was not met by then counts as vanished.
ENDS_BELIEVED = 3
#: More vanished tasks than this in one sweep are an accident at the source (a lost access, an empty answer), not news.
MOST_VANISHED, MOST_VANISHED_SHARE, FEW = 100, 0.01, 5
#: Findings kept for the report; the counts are always whole.
MAX_FINDINGS = 5_000


class TooManyVanished(TelaError):
    """So many tasks vanished at once that the sweep marked none of them gone. Look at Tela first."""

    code = "too_many_vanished"


def sweep(
    workspace: Workspace,
    client: TelaClient,
    run: SyncRun,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    mend: bool = True,
    many_gone: bool = False,
    progress: Tell | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Compare everything (or one stretch of `createdAt`) and, with `mend`, bring the mirror up to date.

    Returns the number of differences met. Every difference is kept as a finding of the run, before it is mended.
    Raises TelaError and Stopped; a sweep that does not reach the end marks nothing gone. More vanished tasks than it
    may believe raise TooManyVanished, unless a person has looked and says so with `many_gone`.
    """
    started = timezone.now()
    _empty_met()
    _expect(workspace, run, since, until, mend=mend)
    differences = 0
    beginning = since or dt.datetime.fromtimestamp(0, dt.UTC)
    for step in walk(client.list_tasks, "createdAt", beginning, until=until, light=True, ends_believed=ENDS_BELIEVED):
        found = _compare_step(workspace, client, run, step, mend=mend)
        differences += len(found)
        if progress is not None:
            run.refresh_from_db()
            progress(run, progress_of(workspace, run))
        if should_stop():
            raise Stopped
    vanished = _not_met(workspace, since, min(until or started, started - OVERLAP))
    _keep_findings(run, [(task_id, name, DriftFinding.Kind.NOT_LISTED_THERE, ()) for task_id, name in vanished])
    if mend:
        if not many_gone:
            _check_circuit(workspace, len(vanished))
        ask_absent(workspace, client, run, [task_id for task_id, _name in vanished])
        confirm_absent(workspace, client, run)
    return differences + len(vanished)


def _expect(
    workspace: Workspace, run: SyncRun, since: dt.datetime | None, until: dt.datetime | None, *, mend: bool
) -> None:
    """Note on the run how many tasks it will meet, if the mirror is right; for its progress."""
    run.mended = mend
    if run.kind == SyncRun.Kind.SWEEP and not (since or until):
        run.expected = Task.objects.of(workspace).filter(gone_at=None).count()
    run.save(update_fields=["mended", "expected"])


def _compare_step(workspace: Workspace, client: TelaClient, run: SyncRun, step: Step, *, mend: bool) -> list[Differing]:
    """One page: remember whom we met, keep what differs as findings, and mend it."""
    _meet(task.id for task in step.page.tasks)
    if mend:
        recorded, found = mirror_differing(
            workspace, client, step.page.tasks, Learned.SWEEP, step.asked_at, run_id=run.pk
        )
        told = {*recorded.new, *recorded.changed, *recorded.unchanged, *recorded.older}
        same = tuple({task.id for task in step.page.tasks} - told)
        recorded = Recorded(recorded.new, recorded.changed, (*recorded.unchanged, *same), recorded.older)
    else:
        found = differing(workspace, step.page.tasks)
        recorded = Recorded(unchanged=tuple(task.id for task in step.page.tasks))
    with transaction.atomic():
        rejected = quarantine(workspace, step.page.rejected, run)
        count_page(run, recorded, rejected, step.reread)
        _keep_findings(run, [_finding(each) for each in found if each.row.id not in step.reread])
    return [each for each in found if each.row.id not in step.reread]


type Finding = tuple[UUID, str, DriftFinding.Kind, tuple[str, ...]]


def _finding(each: Differing) -> Finding:
    kind = DriftFinding.Kind.DIFFERING if each.known else DriftFinding.Kind.MISSING_HERE
    return each.row.id, each.row.name or "", kind, each.fields


def _keep_findings(run: SyncRun, findings: list[Finding]) -> None:
    room = MAX_FINDINGS - run.findings.count() if findings else 0
    DriftFinding.objects.bulk_create(
        [
            DriftFinding(run=run, task_id=task_id, name=name[:300].replace("\0", "␀"), kind=kind, fields=list(fields))
            for task_id, name, kind, fields in findings[: max(0, room)]
        ],
        ignore_conflicts=True,
    )


def _check_circuit(workspace: Workspace, vanished: int) -> None:
    known = Task.objects.of(workspace).filter(gone_at=None).count()
    if vanished > MOST_VANISHED or (vanished > FEW and vanished > known * MOST_VANISHED_SHARE):
        raise TooManyVanished(f"({vanished} of {known} tasks were not listed any more.)")


def _empty_met() -> None:
    """The ids this sweep meets, in a table of this connection: a million of them are no matter for the process."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS met_by_sweep (task_id uuid PRIMARY KEY)")
        cursor.execute("TRUNCATE met_by_sweep")


def _meet(ids: Iterable[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO met_by_sweep SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING", [list(ids)])


def _not_met(workspace: Workspace, since: dt.datetime | None, until: dt.datetime) -> list[tuple[UUID, str]]:
    """Tasks the mirror has in that stretch and the sweep did not meet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_id, coalesce(name, '') FROM tasks_task AS card WHERE workspace_id = %s AND gone_at IS NULL "
            "AND created_at >= %s AND created_at <= %s "
            "AND NOT EXISTS (SELECT 1 FROM met_by_sweep AS met WHERE met.task_id = card.task_id) "
            "ORDER BY created_at, task_id",
            [workspace.pk, since or dt.datetime.fromtimestamp(0, dt.UTC), until],
        )
        return [(task_id, name) for task_id, name in cursor.fetchall()]
