"""One moment of the database, for rows, counts and what the manifest says of them."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from telareview.accounts.models import Workspace
from telareview.ledger.models import Checkpoint
from telareview.sync.models import Bookmark, SyncRun

#: An export may take long; a page of the web may not, so the limit is set for its transaction alone.
EXPORT_TIMEOUT_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Facts:
    """How far the mirror was at that moment."""

    taken_at: dt.datetime
    #: Everything Tela had shown by then is in the file; None before the first fill has ended.
    synced_at: dt.datetime | None
    #: The newest `updatedAt` seen from Tela.
    newest_updated_at: dt.datetime | None
    #: Set while Tela does not answer.
    failing_since: dt.datetime | None
    #: The end of the last full comparison that came to its end.
    last_sweep_at: dt.datetime | None
    #: The newest signed root of the workspace: its number of leaves, and the root as hex; None before the first.
    seal_size: int | None
    seal_root: str | None


@contextmanager
def snapshot() -> Iterator[None]:
    """All statements inside see one moment, and can write nothing.

    Raises RuntimeError inside a transaction, which would have a moment of its own (but not in one of a test case).
    """
    nested = connection.in_atomic_block
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            if not nested:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = {EXPORT_TIMEOUT_SECONDS * 1000}")
        yield


def facts_of(workspace: Workspace) -> Facts:
    """To be asked inside `snapshot()`: four short statements."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (taken_at,) = cursor.fetchone()
    bookmark = Bookmark.objects.filter(workspace=workspace).first()
    sweeps = SyncRun.objects.filter(
        workspace=workspace, kind=SyncRun.Kind.SWEEP, outcome=SyncRun.Outcome.COMPLETE
    ).order_by("-ended_at")
    head: Any = Checkpoint.objects.filter(workspace=workspace).order_by("-size").values_list("size", "root").first()
    return Facts(
        taken_at=taken_at,
        synced_at=bookmark.synced_at if bookmark else None,
        newest_updated_at=bookmark.updated_at if bookmark else None,
        failing_since=bookmark.failing_since if bookmark else None,
        last_sweep_at=sweeps.values_list("ended_at", flat=True).first(),
        seal_size=head[0] if head else None,
        seal_root=bytes(head[1]).hex() if head else None,
    )
