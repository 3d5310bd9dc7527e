"""The one sealer: records that have no leaf yet get one, in order and without gaps, and a signed checkpoint each round.

Records are found by looking for the leaf that is missing, never by "id above the last one": ids are drawn before
their transactions commit, and so commit in any order. The look goes back by `LOOK_BACK` ids, which costs a few
milliseconds; a thorough one goes back to the first. Leaves and commitments are hashed inside the database.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from telareview.accounts.encryption import UnreadableSecret
from telareview.accounts.models import Workspace
from telareview.ledger.bulk import copy_rows, octets
from telareview.ledger.merkle import Frontier
from telareview.ledger.models import Checkpoint, Leaf
from telareview.ledger.notes import newest_key, signer_of
from telareview.ledger.sources import Source, largest_sealed, leaf_digest, sources

#: Key of the advisory lock that lets one sealer at a time in.
SEALER_LOCK = 0x7365616C
#: Leaves of one round. A checkpoint follows each, so a change that is found is narrowed down to so many records.
ROUND = 5_000
#: Ids that may still be on their way when later ones have been sealed; a page of a pull draws some hundred.
LOOK_BACK = 10_000
LEAF_COLUMNS = ("workspace_id", "index", "source", "record_id", "hash", "closed")
#: A page counts no further.
COUNTED = 10_000


class SealError(Exception):
    """Nothing can be sealed. (The docstring of each class is its message.)"""

    code = "seal_error"

    def __str__(self) -> str:
        return " ".join(part for part in ((self.__doc__ or "").strip(), *map(str, self.args)) if part)


class BrokenTree(SealError):
    """The leaves do not fit the newest checkpoint: history was altered. Run `verify_history` to learn where."""

    code = "broken_tree"


class SomeNotSealed(SealError):
    """Several workspaces could not be sealed; all others were."""

    code = "some_not_sealed"


type Trouble = BrokenTree | UnreadableSecret
#: By workspace.
type Troubles = dict[int, Trouble]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a sealing did."""

    leaves: int
    checkpoints: int


def never() -> bool:
    return False


def seal(
    workspace: Workspace | None = None, *, thorough: bool = False, should_stop: Callable[[], bool] = never
) -> Sealed:
    """Seal every committed record that has no leaf yet, of one workspace or of all. Each round commits.

    Waits for another sealer to end. `should_stop` is asked after each round; what is left then waits for the next one.

    A workspace whose tree is broken, or whose key cannot be read, keeps no other one from being sealed. After them it
    is told: raises BrokenTree, UnreadableSecret where SECRET_KEY has changed, or SomeNotSealed.
    """
    leaves = checkpoints = 0
    troubles: Troubles = {}
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])
            found, grown = _grow(cursor, workspace, troubles, thorough=thorough)
        leaves += sum(count for count, _size in grown)
        checkpoints += len(grown)
        if not found or should_stop():
            break
    if len(troubles) > 1:
        raise SomeNotSealed(*map(str, troubles.values()))
    for trouble in troubles.values():
        raise trouble
    return Sealed(leaves, checkpoints)


def trouble_of(workspace: Workspace) -> Trouble | None:
    """Why nothing of a workspace can be sealed; None where all is well. Two statements, and nothing is changed."""
    try:
        with connection.cursor() as cursor:
            _frontier(cursor, workspace)
        if key := newest_key(workspace):
            key.private_key()
    except (BrokenTree, UnreadableSecret) as error:
        return error
    return None


def unsealed(workspace: Workspace, *, thorough: bool = True) -> tuple[int, datetime | None]:
    """How many records of a workspace have no leaf, and since when the oldest of them waits (None: none does).

    Without `thorough` it looks back as far as the sealer does, and counts no further than COUNTED.
    """
    count, oldest = 0, None
    with connection.cursor() as cursor:
        for source in sources():
            beyond = -1 if thorough else largest_sealed(cursor, source) - LOOK_BACK
            cursor.execute(
                f"SELECT count(*), min(since) FROM (SELECT {source.recorded_at} AS since "  # noqa: S608 - our own names
                f"FROM {source.table} AS record WHERE record.workspace_id = %s AND record.id > %s AND {source.where} "
                f"AND {_without_leaf(source)} ORDER BY record.id LIMIT %s) AS waiting",
                [workspace.pk, beyond, None if thorough else COUNTED],
            )
            some, since = cursor.fetchone()
            count += some
            oldest = min((each for each in (oldest, since) if each), default=None)
    return count, oldest


def _grow(
    cursor: Any, only: Workspace | None, troubles: Troubles, *, thorough: bool
) -> tuple[int, list[tuple[int, int]]]:
    """One round: how many records were found, and (leaves added, new size) of each tree that grew.

    Workspaces in `troubles` are left alone, and those are added in which nothing can be sealed.
    """
    chosen = f"record.workspace_id = {only.pk:d}" if only else "true"
    if troubles:
        chosen += f" AND record.workspace_id NOT IN ({', '.join(f'{each:d}' for each in troubles)})"
    room, fresh = ROUND, []
    for source in sources():
        if room:
            beyond = -1 if thorough else largest_sealed(cursor, source) - LOOK_BACK
            some = _fresh(cursor, source, beyond, room, chosen)
            fresh += some
            room -= len(some)
    # In the order in which they were found, workspace by workspace.
    fresh.sort(key=itemgetter(0))
    grown = []
    for workspace_id, rows in groupby(fresh, key=itemgetter(0)):
        try:
            with transaction.atomic():
                grown.append(_append(cursor, workspace_id, list(rows)))
        except (BrokenTree, UnreadableSecret) as error:
            troubles[workspace_id] = error
    return len(fresh), grown


def _fresh(cursor: Any, source: Source, beyond: int, most: int, chosen: str = "true") -> list[tuple[Any, ...]]:
    """Records without a leaf, of the workspaces `chosen`: workspace, source, id, commitment, leaf hash."""
    text = source.leaf_text("record.closed_commitment")
    cursor.execute(
        f"SELECT record.workspace_id, '{source.name}', record.id, record.closed_commitment, {leaf_digest(text)} "  # noqa: S608 - our own names
        f"FROM (SELECT record.*, {source.commitment()} AS closed_commitment FROM {source.table} AS record "
        # Ids first: to find the first few of many, whole records would be sorted, written to disk and read again.
        f"WHERE record.id = ANY(ARRAY(SELECT record.id FROM {source.table} AS record "
        f"WHERE record.id > %s AND {chosen} AND {source.where} AND {_without_leaf(source)} "
        # OFFSET 0, or the commitment would be made twice: as it is told, and inside the leaf's text.
        "ORDER BY record.id LIMIT %s)) OFFSET 0) AS record "
        "ORDER BY record.id",
        [beyond, most],
    )
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _without_leaf(source: Source) -> str:
    return (
        f"NOT EXISTS (SELECT FROM ledger_leaf AS leaf WHERE leaf.source = '{source.name}' "
        "AND leaf.record_id = record.id)"
    )


def _append(cursor: Any, workspace_id: int, rows: list[tuple[Any, ...]]) -> tuple[int, int]:
    """Leaves to one tree, and its checkpoint; (how many, the tree's size now)."""
    workspace = Workspace.objects.get(pk=workspace_id)
    frontier = _frontier(cursor, workspace)
    first = frontier.size
    leaves = (
        octets(workspace_id, index, source, record_id, digest, closed)
        for index, (_workspace, source, record_id, closed, digest) in enumerate(rows, first)
    )
    copy_rows(cursor, Leaf._meta.db_table, LEAF_COLUMNS, leaves)
    frontier.extend(bytes(row[4]) for row in rows)
    _checkpoint(workspace, frontier)
    return len(rows), frontier.size


def _frontier(cursor: Any, workspace: Workspace) -> Frontier:
    """The tree's right edge as the newest checkpoint tells it. Raises BrokenTree where the leaves differ."""
    # One statement, because a page asks as well, while somebody seals.
    cursor.execute(
        "SELECT leaves.size, newest.size, newest.root, newest.frontier "
        "FROM (SELECT coalesce(max(index), -1) + 1 AS size FROM ledger_leaf WHERE workspace_id = %s) AS leaves "
        "LEFT JOIN (SELECT size, root, frontier FROM ledger_checkpoint WHERE workspace_id = %s "
        "ORDER BY size DESC LIMIT 1) AS newest ON true",
        [workspace.pk, workspace.pk],
    )
    size, told, root, edge = cursor.fetchone()
    if size != (told or 0):
        raise BrokenTree(f"({workspace.slug}: {size} leaves, the checkpoint is of {told or 0}.)")
    if told is None:
        return Frontier()
    try:
        frontier = Frontier.from_bytes(size, bytes(edge))
    except ValueError as error:
        raise BrokenTree(f"({workspace.slug}: {error})") from error
    if frontier.root() != bytes(root):
        raise BrokenTree(f"({workspace.slug}: the checkpoint of {size} leaves contradicts itself.)")
    return frontier


def _checkpoint(workspace: Workspace, frontier: Frontier) -> None:
    root = frontier.root()
    Checkpoint.objects.create(
        workspace=workspace,
        size=frontier.size,
        root=root,
        frontier=frontier.to_bytes(),
        note=signer_of(workspace).note(frontier.size, root),
    )


def heads(workspaces: Iterable[Workspace]) -> dict[int, Checkpoint]:
    """The newest checkpoint of each workspace that has one."""
    newest = Checkpoint.objects.filter(workspace__in=workspaces).order_by("workspace_id", "-size")
    return {each.workspace_id: each for each in newest.distinct("workspace_id")}
