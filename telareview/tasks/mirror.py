"""The one door through which a mirrored task changes.

`record_tasks` is idempotent: the same page twice changes nothing, an older state never overwrites a newer one, and
unchanged tasks are not touched (the largest gain measured: 187,000 against 25,000 rows a second). A page, and several
together, cost a constant number of statements: two when nothing changed, nine when something is new (one more
where a person's name is not plain ASCII), nine more when something changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from telareview.accounts.models import Workspace
from telareview.ledger.bulk import uuids
from telareview.tasks.diff import changed_leaf_paths
from telareview.tasks.fact_columns import is_approved
from telareview.tasks.facts import indexable
from telareview.tasks.former import lay_down_cards
from telareview.tasks.models import Kind, Payload
from telareview.tasks.rows import FACT_COLUMNS, Look, State, write_states
from telareview.tasks.snapshots import Snapshot
from telareview.tasks.withheld import withheld, withheld_hash
from telareview.tela import TaskRecord
from telareview.tela.wire import decode

__all__ = ["WRITER_LOCK", "Look", "Recorded", "record_gone", "record_looks", "record_tasks"]

#: First key of the advisory lock that lets one writer at a time into a workspace's mirror.
WRITER_LOCK = 0x7461736B


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a look changed: ids of tasks that were new, had changed, had stayed, or came too late."""

    new: tuple[UUID, ...] = ()
    changed: tuple[UUID, ...] = ()
    unchanged: tuple[UUID, ...] = ()
    #: Snapshots older than what the mirror holds; left out.
    older: tuple[UUID, ...] = ()

    def __add__(self, other: "Recorded") -> "Recorded":
        return Recorded(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.older + other.older,
        )


class _Known(NamedTuple):
    """The mirror's present state of one task."""

    task_id: UUID
    version_number: int
    content_hash: bytes
    updated_at: datetime
    observed_at: datetime
    approved_at: datetime | None
    status: str
    gone_at: datetime | None
    version_id: int
    erasure: int | None

    @property
    def is_approved(self) -> bool:
        return is_approved(self.status, self.approved_at)


#: By task.
type Snapshots = dict[UUID, Snapshot]


def record_tasks(records: Iterable[TaskRecord], look: Look) -> Recorded:
    """Mirror whole task records, with a version for every state not seen before. One transaction.

    Of several snapshots of one task the newest counts. Raises nothing of its own; database errors leave the mirror
    as it was, and take a transaction around this one along.
    """
    return record_looks([(map(Snapshot, records), look)])[0]


def record_looks(looks: Iterable[tuple[Iterable[Snapshot], Look]]) -> list[Recorded]:
    """Mirror what several looks at one workspace found, as one after the other, in one transaction and at one cost."""
    seen = [(_newest(snapshots), look) for snapshots, look in looks]
    if not any(snapshots for snapshots, _look in seen):
        return [Recorded() for _ in seen]
    # Within the caller's transaction a savepoint would only cost two statements a page: who fails there, fails whole.
    with transaction.atomic(savepoint=False):
        lock_writers(seen[0][1].workspace)
        return [recorded for together in _apart(seen) for recorded in _record(together)]


def _newest(snapshots: Iterable[Snapshot]) -> Snapshots:
    newest: Snapshots = {}
    for each in snapshots:
        known = newest.get(each.record.id)
        if known is None or known.record.updated_at < each.record.updated_at:
            newest[each.record.id] = each
    return newest


def _apart(seen: Sequence[tuple[Snapshots, Look]]) -> Iterator[list[tuple[Snapshots, Look]]]:
    """The looks in their order, cut where one saw a task that one before it had seen."""
    together: list[tuple[Snapshots, Look]] = []
    met: set[UUID] = set()
    for each in seen:
        if not met.isdisjoint(each[0]):
            yield together
            together, met = [], set()
        together.append(each)
        met |= each[0].keys()
    yield together


def _record(seen: Sequence[tuple[Snapshots, Look]]) -> list[Recorded]:
    """Looks of which no two saw the same task."""
    known = _known_states(seen[0][1].workspace, [each for snapshots, _look in seen for each in snapshots])
    found = [(snapshots, *_only_news(snapshots.values(), known, look)) for snapshots, look in seen]
    news = [each for _snapshots, some, _older in found for each in some]
    _tell_changes([each for each in news if each.kind is not Kind.FIRST_SEEN], known)
    if news:
        write_states(news)
    return [
        Recorded(
            new=tuple(each.record.id for each in some if each.kind is Kind.FIRST_SEEN),
            changed=tuple(each.record.id for each in some if each.kind is not Kind.FIRST_SEEN),
            unchanged=tuple(snapshots.keys() - {each.record.id for each in some} - set(older)),
            older=tuple(older),
        )
        for snapshots, some, older in found
    ]


def lock_writers(workspace: Workspace) -> None:
    """One writer at a time: two looks at one task meet in order, and numbers stay without gaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [WRITER_LOCK, workspace.pk])


def _known_states(workspace: Workspace, ids: Iterable[UUID]) -> dict[UUID, _Known]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(_Known._fields)} FROM tasks_task WHERE workspace_id = %s "  # noqa: S608 - our own names
            "AND task_id = ANY(%s::uuid[])",
            [workspace.pk, uuids(ids)],
        )
        return {row[0]: _Known(*row) for row in cursor.fetchall()}


def _only_news(snapshots: Iterable[Snapshot], known: dict[UUID, _Known], look: Look) -> tuple[list[State], list[UUID]]:
    """The snapshots that tell something new, described beside the version before; and ids that came too late."""
    news: list[State] = []
    older: list[UUID] = []
    for each in snapshots:
        record = each.record
        before = known.get(record.id)
        erasure = before.erasure if before else None
        # Of an erased task only what is left of it counts.
        digest = withheld_hash(each.facts) if erasure else each.content_hash
        if before is None:
            news.append(State(each, look, digest))
        elif before.gone_at is None and bytes(before.content_hash) == digest:
            continue
        elif (record.updated_at, look.observed_at) < (before.updated_at, before.observed_at):
            # Equal stamps with other content: the look that began later saw the later state.
            older.append(record.id)
        else:
            number, kind = before.version_number + 1, _kind(before, record)
            left = withheld(each.facts) if erasure else None
            news.append(State(each, look, digest, number, kind, erasure=erasure, withheld=left))
    return news, older


def _kind(before: _Known, record: TaskRecord) -> Kind:
    if before.gone_at is not None:
        return Kind.RETURNED
    approved = is_approved(record.status, record.approved_at)
    if approved and (not before.is_approved or before.approved_at != record.approved_at):
        return Kind.APPROVED
    if before.is_approved and not approved:
        return Kind.APPROVAL_REVOKED
    return Kind.CHANGED


def _tell_changes(changed: list[State], known: dict[UUID, _Known]) -> None:
    """Which leaf paths differ from the version before; left empty where that payload was erased."""
    if not changed:
        return
    versions = {known[each.record.id].version_id: each for each in changed}
    for version_id, text in Payload.objects.filter(pk__in=versions).values_list("pk", "text"):
        each = versions[version_id]
        paths = changed_leaf_paths(decode(text.encode()), each.record.raw)
        each.changed_paths = [indexable(path) or "" for path in paths]


def record_gone(task_ids: Sequence[UUID], look: Look) -> tuple[UUID, ...]:
    """Mark tasks that Tela no longer serves, with a *gone* version each; ids that are gone or unknown stay as they are.

    Six statements, whatever the number. The version repeats the last known facts and has no payload of its own.
    """
    facts = ", ".join(FACT_COLUMNS)
    with transaction.atomic(), connection.cursor() as cursor:
        lock_writers(look.workspace)
        cursor.execute(
            "INSERT INTO tasks_taskversion (workspace_id, "  # noqa: S608 - our own names
            f"{facts}, erasure, number, kind, observed_at, learned_by, run_id, changed_paths, content_hash) "
            f"SELECT workspace_id, {facts}, erasure, version_number + 1, %s, %s, %s, %s, '{{}}', content_hash "
            "FROM tasks_task WHERE workspace_id = %s AND task_id = ANY(%s) AND gone_at IS NULL ORDER BY task_id "
            "RETURNING id, task_id",
            [
                *(Kind.GONE.value, look.observed_at, look.learned_by.value, look.run_id),
                *(look.workspace.pk, list(task_ids)),
            ],
        )
        found = cursor.fetchall()
        marked = tuple(task_id for _version_id, task_id in found)
        lay_down_cards(cursor, [version_id for version_id, _task_id in found])
        cursor.execute(
            "UPDATE tasks_task AS card SET gone_at = version.observed_at, observed_at = version.observed_at, "
            "version_id = version.id, version_number = version.number FROM tasks_taskversion AS version "
            "WHERE card.workspace_id = %s AND card.task_id = ANY(%s) AND version.workspace_id = card.workspace_id "
            "AND version.task_id = card.task_id AND version.number = card.version_number + 1",
            [look.workspace.pk, list(marked)],
        )
    return marked
