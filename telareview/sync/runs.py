"""A run's own book-keeping: it begins, counts with every page, and ends with an outcome and a sentence."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.models import QuarantinedRow, SyncRun
from telareview.tasks.facts import holdable
from telareview.tasks.mirror import Recorded
from telareview.tasks.withheld import erased_among
from telareview.tela import RejectedRow, TelaClient

#: A quarantined row is kept for a person to look at; what is longer than this is cut.
MAX_RAW_CHARACTERS = 1_000_000


class SpokenError(Protocol):
    """An error that says what is wrong in a sentence, and has a stable short name."""

    code: str


def begin_run(workspace: Workspace, kind: SyncRun.Kind) -> SyncRun:
    """A stored run that has just started."""
    return SyncRun.objects.create(workspace=workspace, kind=kind, started_at=timezone.now())


def close_abandoned_runs(workspace: Workspace, *kinds: SyncRun.Kind) -> None:
    """End the runs whose process died; called by whoever holds the lock under which such runs are made."""
    SyncRun.objects.filter(workspace=workspace, kind__in=kinds, ended_at__isnull=True).update(
        ended_at=timezone.now(),
        outcome=SyncRun.Outcome.INCOMPLETE,
        error_code="stopped",
        error="The run was stopped. What had arrived is kept; the next run goes on from there.",
    )


def count_page(run: SyncRun, recorded: Recorded, rejected: int, reread: frozenset[UUID] = frozenset()) -> None:
    """Add one page to the run's counts; to be called in the transaction that records the page.

    Rows that a walk reads again on purpose (`reread`) count once, unless they had changed meanwhile.
    """
    count_pages(run, [(recorded, rejected, reread)])


def count_pages(run: SyncRun, pages: Iterable[tuple[Recorded, int, frozenset[UUID]]]) -> None:
    """Add several pages: what was recorded, how many rows were rejected, and which were read again on purpose."""
    new = changed = same = failed = 0
    for recorded, rejected, reread in pages:
        new += len(recorded.new)
        changed += len(recorded.changed)
        same += len({*recorded.unchanged, *recorded.older} - reread)
        failed += rejected
    if not (new or changed or same or failed):
        # Most pages of a tie were counted when they were read before.
        return
    SyncRun.objects.filter(pk=run.pk).update(
        fetched=F("fetched") + new + changed + same + failed,
        new=F("new") + new,
        changed=F("changed") + changed,
        unchanged=F("unchanged") + same,
        failed=F("failed") + failed,
    )


def end_run(run: SyncRun, client: TelaClient | None, error: Exception | None = None) -> SyncRun:
    """Close the run, complete or with the error's sentence, and read its final counts."""
    run.refresh_from_db()
    run.ended_at = timezone.now()
    run.outcome = SyncRun.Outcome.INCOMPLETE if error is not None else SyncRun.Outcome.COMPLETE
    if client is not None:
        run.calls, run.waited_seconds = client.calls, client.waited_seconds
    if error is not None:
        run.error_code = getattr(error, "code", "internal")
        run.error = (holdable(str(error)) or type(error).__name__)[:2000]
    run.save(update_fields=["ended_at", "outcome", "calls", "waited_seconds", "error_code", "error"])
    return run


def quarantine(workspace: Workspace, rows: Sequence[RejectedRow], run: SyncRun | None) -> int:
    """Keep unreadable rows whole, once each, with the reason; how many of them this run had not met before."""
    if not rows:
        return 0
    now: dt.datetime = timezone.now()
    kept = {}
    erased = erased_among(workspace, [row.task_id for row in rows])
    for row in rows:
        raw = "" if row.task_id in erased else holdable(row.raw_json[:MAX_RAW_CHARACTERS]) or ""
        digest = hashlib.sha256((raw or f"erased {row.task_id}").encode()).digest()
        kept[digest] = QuarantinedRow(
            workspace=workspace,
            task_id=holdable(row.task_id) or "",
            reason="" if row.task_id in erased else holdable(row.reason) or "",
            raw_json=raw,
            digest=digest,
            first_seen_at=now,
            last_seen_at=now,
            run_id=run.pk if run else None,
        )
    met = QuarantinedRow.objects.filter(workspace=workspace, digest__in=kept, run_id=run.pk).count() if run else 0
    QuarantinedRow.objects.bulk_create(
        kept.values(),
        update_conflicts=True,
        unique_fields=["workspace", "digest"],
        update_fields=["last_seen_at", "run_id", "reason"],
    )
    return len(kept) - met
