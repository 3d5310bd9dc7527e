"""From a task's state to the mirror's rows: its version and payload, its index card, and what is searched in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from telareview.accounts.models import Workspace
from telareview.tasks.bulk import copy_lines, copy_rows, spelled, upsert_rows
from telareview.tasks.doers import FirstSight, note_doers, note_first_doers
from telareview.tasks.facts import Facts
from telareview.tasks.former import lay_down_cards, widen_horizon
from telareview.tasks.models import Kind, Learned, OutputIndex, Payload, TaskVersion
from telareview.tasks.snapshots import Snapshot
from telareview.tela import TaskRecord

FACT_COLUMNS = Facts._fields
VERSION_COLUMNS = (
    "id",
    "workspace_id",
    *FACT_COLUMNS,
    "number",
    "kind",
    "observed_at",
    "learned_by",
    "run_id",
    "changed_paths",
    "content_hash",
    "payload_commit",
    "erasure",
)
CARD_COLUMNS = (
    "workspace_id",
    *FACT_COLUMNS,
    "gone_at",
    "version_id",
    "version_number",
    "observed_at",
    "content_hash",
    "erasure",
)
INDEX_COLUMNS = ("workspace_id", "task_id", "content")
#: What a card takes from its newest version, in the order of its columns.
CARD_SOURCES = ("workspace_id", *FACT_COLUMNS, "NULL", "id", "number", "observed_at", "content_hash", "erasure")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at Tela: what was asked when, and how the answer is to be remembered."""

    workspace: Workspace
    learned_by: Learned
    #: Our clock, before the request was sent: what is found can be no older than Tela's state then.
    observed_at: datetime
    run_id: int | None = None


@dataclass(slots=True)
class State:
    """A state of a task on its way into the mirror."""

    snapshot: Snapshot
    look: Look
    hash: bytes
    number: int = 1
    kind: Kind = Kind.FIRST_SEEN
    changed_paths: Sequence[str] = field(default_factory=tuple)
    version_id: int = 0
    #: Number of the erasure after which nothing personal is taken in, and the facts without it; None for others.
    erasure: int | None = None
    withheld: Facts | None = None

    @property
    def record(self) -> TaskRecord:
        return self.snapshot.record


def write_states(states: Sequence[State]) -> None:
    """Append versions and payloads, and turn the cards and the output index to them. To be called under the lock.

    Cards that are replaced are kept beside, for the list as it was known then.
    Each task once. Versions and payloads are copied; the cards are taken from the versions inside the database, which
    spares sending the facts twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [TaskVersion._meta.db_table, len(states)],
        )
        for each, (version_id,) in zip(states, cursor.fetchall(), strict=True):
            each.version_id = version_id
        copy_lines(cursor, TaskVersion._meta.db_table, VERSION_COLUMNS, map(_version_line, states))
        payloads = (
            (each.version_id, each.snapshot.salt, each.record.canonical_json) for each in states if each.erasure is None
        )
        copy_rows(cursor, Payload._meta.db_table, ("version_id", "salt", "text"), payloads)
        first = [each for each in states if each.kind is Kind.FIRST_SEEN]
        later = [each for each in states if each.kind is not Kind.FIRST_SEEN]
        if later:
            lay_down_cards(cursor, [each.version_id for each in later])
            note_doers(cursor, [each.version_id for each in later])
        _turn_cards(cursor, [each.version_id for each in states])
        widen_horizon(cursor, [each.version_id for each in states])
        if first:
            note_first_doers(cursor, map(_first_sight, first))
        searched = [each for each in later if each.erasure is None]
        for write, some in ((copy_rows, first), (upsert_rows, searched)):
            if some:
                write(cursor, OutputIndex._meta.db_table, INDEX_COLUMNS, [_index_row(each) for each in some])


def _first_sight(each: State) -> FirstSight:
    return FirstSight(each.look.workspace.pk, each.version_id, each.look.observed_at, each.snapshot.first_doers)


def _version_line(each: State) -> str:
    before = (each.version_id, each.look.workspace.pk)
    facts = each.snapshot.spelled_facts if each.withheld is None else spelled(each.withheld)
    behind = (
        each.number,
        each.kind.value,
        each.look.observed_at,
        each.look.learned_by.value,
        each.look.run_id,
        list(each.changed_paths),
        each.hash,
        each.snapshot.commitment if each.erasure is None else None,
        each.erasure,
    )
    return f"{spelled(before)}\t{facts}\t{spelled(behind)}"


def _turn_cards(cursor: Any, version_ids: list[int]) -> None:
    changes = ", ".join(f"{name} = excluded.{name}" for name in CARD_COLUMNS if name not in {"workspace_id", "task_id"})
    cursor.execute(
        f"INSERT INTO tasks_task ({', '.join(CARD_COLUMNS)}) "  # noqa: S608 - our own names
        f"SELECT {', '.join(CARD_SOURCES)} FROM tasks_taskversion WHERE id = ANY(%s) "
        f"ON CONFLICT (workspace_id, task_id) DO UPDATE SET {changes}",
        [version_ids],
    )


def _index_row(each: State) -> tuple[Any, ...]:
    return (each.look.workspace.pk, each.record.id, each.snapshot.searchable_json)
