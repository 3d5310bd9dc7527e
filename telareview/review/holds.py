"""What one process at a time may carry out: held by an advisory lock that goes with its connection.

A killed process leaves nothing locked behind, and whoever looks sees at once that nobody is at it any more.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

from telareview.accounts.models import Workspace

#: Longest wait for somebody else's change of the same task, which is a call or three.
PATIENCE_SECONDS = 3.0
LOOK_EVERY_SECONDS = 0.05


class Work(IntEnum):
    """What is held; first key of its lock."""

    BATCH = 0x62617463
    BULK = 0x62756C6B


class Held(Exception):
    """Somebody else is at it already."""


@contextmanager
def hold(work: Work, number: int) -> Iterator[None]:
    """Hold one batch or bulk approval. Raises Held at once."""
    if not _ask("SELECT pg_try_advisory_lock(%s, %s)", work, number):
        raise Held
    try:
        yield
    finally:
        _let_go("SELECT pg_advisory_unlock(%s, %s)", work, number)


def unattended[M: Model](work: Work, rows: QuerySet[M]) -> QuerySet[M]:
    """Those of these batches or bulk approvals that no process holds at this moment."""
    held = (
        "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
        "AND classid::bigint = %s "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return rows.exclude(pk__in=RawSQL(held, [int(work)]))  # noqa: S611 - the text is fixed


@contextmanager
def hold_task(workspace: Workspace, task_id: UUID) -> Iterator[None]:
    """Hold one task, to change it or to settle what became of its changes. Raises Held after PATIENCE_SECONDS."""
    name = hashlib.sha256(f"review {workspace.pk} {task_id}".encode()).digest()[:8]
    key = int.from_bytes(name, signed=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _ask("SELECT pg_try_advisory_lock(%s)", key):
        if time.monotonic() > deadline:
            raise Held
        time.sleep(LOOK_EVERY_SECONDS)
    try:
        yield
    finally:
        _let_go("SELECT pg_advisory_unlock(%s)", key)


def _let_go(statement: str, *keys: int) -> None:
    if connection.is_usable():
        _ask(statement, *keys)


def _ask(statement: str, *keys: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, keys)
        return bool(cursor.fetchone()[0])
