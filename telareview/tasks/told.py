"""What Tela tells of a task's past, stored as told, beside the versions that were observed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.tasks.facts import content_hash, holdable
from telareview.tasks.models import Task, ToldVersion
from telareview.tela import VersionRecord

#: Rows of one INSERT; entries carry whole outputs.
ROWS_A_STATEMENT = 100


def record_told(workspace: Workspace, told: Mapping[UUID, Iterable[VersionRecord]], observed_at: datetime) -> int:
    """Keep what Tela told of these tasks, and return how many entries were new. Told the same twice changes nothing.

    `observed_at` is our clock before Tela was asked. One statement where nothing is new, else two and one for
    each `ROWS_A_STATEMENT`. Of erased tasks nothing is kept.
    """
    rows = {
        (row.task_id, row.told_version, row.content_hash): row
        for task_id, records in told.items()
        for row in (_row(workspace, task_id, record, observed_at) for record in records)
    }
    if not rows:
        return 0
    known = ToldVersion.objects.filter(workspace=workspace, task_id__in=list(told))
    for task_id, told_version, digest in known.values_list("task_id", "told_version", "content_hash"):
        rows.pop((task_id, told_version, bytes(digest)), None)
    if not rows:
        return 0
    cards = Task.objects.of(workspace).filter(task_id__in=list(told), erasure__isnull=False)
    erased = set(cards.values_list("task_id", flat=True))
    rows = {key: row for key, row in rows.items() if row.task_id not in erased}
    # Two who ask at the same moment both find it new: the second one's rows are left out.
    ToldVersion.objects.bulk_create(rows.values(), batch_size=ROWS_A_STATEMENT, ignore_conflicts=True)
    return len(rows)


def told_of(workspace: Workspace, task_id: UUID) -> list[tuple[ToldVersion, bool]]:
    """Tela's versions of a task by number, without their text; and whether Tela told each differently before."""
    newest: dict[int, tuple[ToldVersion, bool]] = {}
    rows = ToldVersion.objects.filter(workspace=workspace, task_id=task_id).defer("text")
    for row in rows.order_by("told_version", "observed_at", "pk"):
        newest[row.told_version] = (row, row.told_version in newest)
    return list(newest.values())


def _row(workspace: Workspace, task_id: UUID, record: VersionRecord, observed_at: datetime) -> ToldVersion:
    return ToldVersion(
        workspace=workspace,
        task_id=task_id,
        told_version=record.version,
        name=holdable(record.name),
        status=holdable(record.status),
        changed_by=holdable(record.changed_by),
        changed_at=record.changed_at,
        observed_at=observed_at,
        text=record.canonical_json,
        content_hash=content_hash(record.canonical_json),
    )
