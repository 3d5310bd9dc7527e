"""What the leaves of a tree were made from, read back from the records they name, in the order of the leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import connection, transaction

from telareview.accounts.models import Workspace
from telareview.ledger.sources import Source, sources

#: Leaves of one question. Their payloads are held in memory together.
LEAVES_A_LOOK = 2_000


@dataclass(frozen=True, slots=True)
class Material:
    """One leaf as it is stored, and what its record says now."""

    index: int
    source: str
    record_id: int
    #: As stored in the leaf.
    hash: bytes
    closed: bytes | None
    #: The leaf's text made anew; None where the record is not there.
    leaf: str | None = None
    #: The closed columns as JSON, and their salt (None after an erasure).
    closed_text: str | None = None
    salt: bytes | None = None
    #: What the record says its payload is committed to; None where it has none.
    commit: bytes | None = None
    #: The payload's own salt; None where there is no payload (any more).
    payload_salt: bytes | None = None
    #: The payload itself, or, where only that was asked for, SHA-256(salt ‖ payload).
    payload: str | None = None
    payload_digest: bytes | None = None


@contextmanager
def one_state() -> Iterator[None]:
    """All questions asked inside see the database at one moment (inside another transaction: as that one does)."""
    begins = not connection.in_atomic_block
    with transaction.atomic():
        if begins:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def read_material(workspace: Workspace, *, payloads: bool) -> Iterator[Material]:
    """Every leaf of a workspace, from the first to the last; `payloads` brings their text instead of its digest.

    A leaf whose source is not known any more is told without a record. To be called inside `one_state`, or
    leaves and records may be of different moments.
    """
    beyond = -1
    while True:
        with connection.cursor() as cursor:
            last = _end_of_look(cursor, workspace, beyond)
            if last is None:
                return
            found = _strangers(cursor, workspace, beyond, last)
            for source in sources():
                found += _of_source(cursor, workspace, source, beyond, last, payloads=payloads)
        yield from sorted(found, key=attrgetter("index"))
        beyond = last


def _end_of_look(cursor: Any, workspace: Workspace, beyond: int) -> int | None:
    cursor.execute(
        "SELECT max(index) FROM (SELECT index FROM ledger_leaf WHERE workspace_id = %s AND index > %s "
        "ORDER BY index LIMIT %s) AS look",
        [workspace.pk, beyond, LEAVES_A_LOOK],
    )
    last: int | None = cursor.fetchone()[0]
    return last


def _of_source(
    cursor: Any, workspace: Workspace, source: Source, beyond: int, last: int, *, payloads: bool
) -> list[Material]:
    content = source.content
    columns, join = ["NULL"] * 4, ""
    if content:
        text = f"content.{content.text}::text"
        digest = f"sha256(content.{content.salt} || convert_to({text}, 'UTF8'))"
        columns = [
            f"record.{content.commit}",
            f"content.{content.salt}",
            text if payloads else "NULL",
            "NULL" if payloads else digest,
        ]
        join = f"LEFT JOIN {content.table} AS content ON content.{content.key} = record.id"
    cursor.execute(
        "SELECT leaf.index, leaf.source, leaf.record_id, leaf.hash, leaf.closed, "  # noqa: S608 - our own names
        f"CASE WHEN record.id IS NOT NULL THEN {source.leaf_text('leaf.closed')} END, "
        f"CASE WHEN record.id IS NOT NULL THEN {source.closed_text()} END, {source.salt or 'NULL::bytea'}, "
        f"{', '.join(columns)} FROM ledger_leaf AS leaf "
        # A record that was moved to another workspace is not the one that was sealed here.
        f"LEFT JOIN {source.table} AS record ON record.id = leaf.record_id {join} "
        "WHERE leaf.workspace_id = %s AND leaf.index > %s AND leaf.index <= %s AND leaf.source = %s",
        [workspace.pk, beyond, last, source.name],
    )
    return [_material(row) for row in cursor.fetchall()]


def _material(row: tuple[Any, ...]) -> Material:
    return Material(
        index=row[0],
        source=row[1],
        record_id=row[2],
        hash=bytes(row[3]),
        closed=_bytes(row[4]),
        leaf=row[5],
        closed_text=row[6],
        salt=_bytes(row[7]),
        commit=_bytes(row[8]),
        payload_salt=_bytes(row[9]),
        payload=row[10],
        payload_digest=_bytes(row[11]),
    )


def _strangers(cursor: Any, workspace: Workspace, beyond: int, last: int) -> list[Material]:
    """Leaves of a source that nobody declares."""
    cursor.execute(
        "SELECT index, source, record_id, hash, closed FROM ledger_leaf "
        "WHERE workspace_id = %s AND index > %s AND index <= %s AND NOT source = ANY(%s)",
        [workspace.pk, beyond, last, [each.name for each in sources()]],
    )
    return [
        Material(index, source, record_id, bytes(digest), _bytes(closed))
        for index, source, record_id, digest, closed in cursor.fetchall()
    ]


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
