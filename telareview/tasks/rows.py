"""From a task's state to the mirror's rows: its version and payload, its index card, and what is searched in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection

from telareview.accounts.models import Workspace
from telareview.ledger.bulk import copy_rows, integer, jsonb, octets, upsert_rows
from telareview.tasks.doers import FirstSight, note_doers, note_first_doers
from telareview.tasks.facts import Facts
from telareview.tasks.former import lay_down_cards, widen_horizon
from telareview.tasks.models import Kind, Learned, OutputIndex, Payload, Task, TaskVersion
from telareview.tasks.snapshots import Snapshot
from telareview.tela import TaskRecord

FACT_COLUMNS = Facts._fields
LOOK_COLUMNS = ("workspace_id", "observed_at", "learned_by", "run_id")
VERSION_COLUMNS = (
    *LOOK_COLUMNS,
    "id",
    "number",
    "kind",
    "changed_paths",
    "content_hash",
    "payload_commit",
    "erasure",
    *FACT_COLUMNS,
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
PAYLOAD_COLUMNS = ("version_id", "salt", "text")
INDEX_COLUMNS = ("workspace_id", "task_id", "content")
#: What a card takes from its newest version.
CARD_SOURCES = {
    **{name: name for name in (*FACT_COLUMNS, "observed_at", "content_hash", "erasure") if name != "task_id"},
    "version_id": "id",
    "version_number": "number",
}


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

    @property
    def facts_octets(self) -> bytes:
        return self.snapshot.facts_octets if self.withheld is None else octets(*self.withheld)


def write_states(states: Sequence[State]) -> None:
    """Append versions and payloads, and turn the cards and the output index to them. To be called under the lock.

    Cards that are replaced are kept beside, for the list as it was known then. Each task once. What is new is copied:
    a card sent by COPY, facts and all, is there a seventh sooner than one taken from its version inside the database.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [TaskVersion._meta.db_table, len(states)],
        )
        for each, (version_id,) in zip(states, cursor.fetchall(), strict=True):
            each.version_id = version_id
        copy_rows(cursor, TaskVersion._meta.db_table, VERSION_COLUMNS, _version_rows(states))
        payloads = map(_payload_row, (each for each in states if each.erasure is None))
        copy_rows(cursor, Payload._meta.db_table, PAYLOAD_COLUMNS, payloads)
        first = [each for each in states if each.kind is Kind.FIRST_SEEN]
        later = [each for each in states if each.kind is not Kind.FIRST_SEEN]
        if later:
            lay_down_cards(cursor, [each.version_id for each in later])
            note_doers(cursor, [each.version_id for each in later])
            _turn_cards(cursor, [each.version_id for each in later])
        widen_horizon(cursor, [each.version_id for each in states])
        if first:
            copy_rows(cursor, Task._meta.db_table, CARD_COLUMNS, map(_card_row, first))
            note_first_doers(cursor, [*map(_first_sight, first)])
        searched = [each for each in later if each.erasure is None]
        for write, some in ((copy_rows, first), (upsert_rows, searched)):
            if some:
                write(cursor, OutputIndex._meta.db_table, INDEX_COLUMNS, map(_index_row, some))


def _first_sight(each: State) -> FirstSight:
    return FirstSight(each.look.workspace.pk, each.version_id, each.look.observed_at, each.snapshot.first_doers)


def _version_rows(states: Iterable[State]) -> Iterator[bytes]:
    for _same, seen in groupby(states, lambda each: id(each.look)):
        some = [*seen]
        look = some[0].look
        before = octets(look.workspace.pk, look.observed_at, look.learned_by.value, look.run_id)
        for each in some:
            own = octets(
                each.version_id,
                integer(each.number),
                each.kind.value,
                list(each.changed_paths),
                each.hash,
                each.snapshot.commitment if each.erasure is None else None,
                integer(each.erasure),
            )
            yield before + own + each.facts_octets


def _card_row(each: State) -> bytes:
    look = each.look
    behind = octets(None, each.version_id, integer(each.number), look.observed_at, each.hash, integer(each.erasure))
    return octets(look.workspace.pk) + each.facts_octets + behind


def _turn_cards(cursor: Any, version_ids: list[int]) -> None:
    changes = ", ".join(f"{name} = version.{source}" for name, source in CARD_SOURCES.items())
    cursor.execute(
        f"UPDATE tasks_task AS card SET gone_at = NULL, {changes} FROM tasks_taskversion AS version "  # noqa: S608 - our own names
        "WHERE version.id = ANY(%s) AND card.workspace_id = version.workspace_id AND card.task_id = version.task_id",
        [version_ids],
    )


def _payload_row(each: State) -> bytes:
    return octets(each.version_id, each.snapshot.salt, each.record.canonical_json)


def _index_row(each: State) -> bytes:
    return octets(each.look.workspace.pk, each.record.id, jsonb(each.snapshot.searchable_json))
