"""What somebody who owns the database can do to history, at random places. Each tells the first leaf it concerns.

`clever` ones then make leaves, roots and checkpoints anew, signed with the true key: only a checkpoint that left the
house before can show it.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import batched
from typing import Any

import pgtrigger
from django.db import connection, transaction

from telareview.ledger import sealing
from telareview.ledger.models import Leaf
from telareview.ledger.sealing import seal
from telareview.ledger.sources import Source, leaf_digest, sources
from telareview.tasks.erasure import erase_payloads
from telareview.tasks.models import Erasure, TaskVersion
from telareview.tasks.sealed import VERSIONS

#: Column of a version → what is written over it.
EDITS = {
    "status": "status || 'x'",
    "name": "coalesce(name, '') || 'x'",
    "created_by": "coalesce(created_by, '') || 'x'",
    "approved_by": "coalesce(approved_by, '') || 'x'",
    "approved_at": "coalesce(approved_at, updated_at) + interval '1 millisecond'",
    "created_at": "created_at - interval '1 day'",
    "updated_at": "updated_at + interval '1 millisecond'",
    "observed_at": "observed_at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 hour'",
    "revision_process": "revision_process || 'x'",
    "reference": "coalesce(reference, 0) + 1",
    "number": "number + 1000",
    "kind": "'approved_twice'",
    "learned_by": "'hearsay'",
    "run_id": "coalesce(run_id, 0) + 1",
    "edited_paths": "edited_paths || ARRAY['x']",
    "changed_paths": "changed_paths || ARRAY['x']",
    "tags": "tags || ARRAY['x']",
    "agent_id": "'x'",
    "source_type": "'x'",
    "prompt_application_id": "gen_random_uuid()",
    "prompt_version_id": "gen_random_uuid()",
    "completion_run_id": "gen_random_uuid()",
    "workflow_run_id": "gen_random_uuid()",
    "task_id": "gen_random_uuid()",
    "content_hash": "sha256(content_hash)",
    "payload_commit": "sha256(coalesce(payload_commit, ''))",
    "salt": "gen_random_uuid()",
}


@contextmanager
def undone() -> Iterator[None]:
    """What is done to the database inside is taken back in the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Tamperer:
    """One attack on one workspace's history, in the caller's transaction."""

    def __init__(self, workspace: Any, chance: random.Random) -> None:
        self.workspace, self.chance = workspace, chance

    def run(self, sql: str, *parameters: Any) -> None:
        with pgtrigger.ignore(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)

    def versions(self) -> list[TaskVersion]:
        return list(TaskVersion.objects.filter(workspace=self.workspace).order_by("pk"))

    def leaf_of(self, version: TaskVersion) -> int:
        return Leaf.objects.get(source="version", record_id=version.pk).index

    def field_edited(self) -> int:
        version = self.chance.choice(self.versions())
        # Of a gone version there is no payload whose commitment could differ.
        column = self.chance.choice(sorted(EDITS))
        self.run(f"UPDATE tasks_taskversion SET {column} = {EDITS[column]} WHERE id = %s", version.pk)
        return self.leaf_of(version)

    def row_deleted(self) -> int:
        return self._delete(self.chance.choice(self.versions()[:-1]))

    def last_of_a_task_deleted(self) -> int:
        last = {each.task_id: each for each in self.versions()}
        return self._delete(self.chance.choice(list(last.values())))

    def tail_cut(self) -> int:
        first = self.chance.choice(self.versions()[1:])
        leaf = self.leaf_of(first)
        for table, column in (("tasks_payload", "version_id"), ("tasks_taskversion", "id")):
            self.run(f"DELETE FROM {table} WHERE {column} >= %s", first.pk)
        self.run("DELETE FROM ledger_leaf WHERE workspace_id = %s AND index >= %s", self.workspace.pk, leaf)
        self.run("DELETE FROM ledger_checkpoint WHERE workspace_id = %s AND size > %s", self.workspace.pk, leaf)
        return leaf

    def rows_swapped(self) -> int:
        one, other = sorted(self.chance.sample(self.versions(), 2), key=lambda each: each.pk)
        for table, column in (("tasks_taskversion", "id"), ("tasks_payload", "version_id")):
            for old, new in ((one.pk, -1), (other.pk, one.pk), (-1, other.pk)):
                self.run(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", new, old)
        return self.leaf_of(one)

    def task_rewritten(self) -> int:
        """Every version of one task, with a payload that fits, and right hashes all the way up."""
        task = self.chance.choice(self.versions()).task_id
        versions = [each for each in self.versions() if each.task_id == task]
        first = min(map(self.leaf_of, versions))
        for version in versions:
            self.run(
                "UPDATE tasks_taskversion SET approved_by = 'somebody.else@acme.example' WHERE id = %s", version.pk
            )
            self._new_payload(version)
        self.seal_anew()
        return first

    def payload_edited(self) -> int:
        version = self.chance.choice(self._with_payload())
        self.run(
            "UPDATE tasks_payload SET text = replace(text::text, 'Acme', 'Acne')::json WHERE version_id = %s",
            version.pk,
        )
        return self.leaf_of(version)

    def payload_taken_away(self) -> int:
        """As an erasure would, but no request says so."""
        version = self.chance.choice(self._with_payload())
        self.run("DELETE FROM tasks_payload WHERE version_id = %s", version.pk)
        return self.leaf_of(version)

    def facts_taken_away(self) -> int:
        version = self.chance.choice(self.versions())
        self._blank(version)
        return self.leaf_of(version)

    def more_taken_than_was_asked(self) -> int:
        """A true request took the payload; the facts go unasked."""
        version = self.chance.choice(self._with_payload())
        erase_payloads(self.workspace, [version.pk], reason="retention")
        seal()
        self._blank(version)
        return self.leaf_of(version)

    def request_denied(self) -> int:
        """A true request took payloads; its record then names one of them no more."""
        versions = self.chance.sample(self._with_payload(), 2)
        number = erase_payloads(self.workspace, [each.pk for each in versions], reason="retention")
        seal()
        self.run(
            "UPDATE tasks_erasure SET records = %s WHERE workspace_id = %s AND number = %s",
            f'[["version",{versions[0].pk}]]',
            self.workspace.pk,
            number,
        )
        return self.leaf_of(versions[1])

    def request_backdated(self) -> int:
        """A forged request in the place of a version, so that it seems to be older than what it answers for."""
        forged, version = sorted(self.chance.sample(self._with_payload(), 2), key=lambda each: each.pk)
        leaf = self.leaf_of(forged)
        self.run("DELETE FROM tasks_payload WHERE version_id = %s", version.pk)
        self.run(
            "INSERT INTO tasks_erasure (workspace_id, number, scope, reason, asked_by, task_ids, records) "
            "VALUES (%s, 900, 'payloads', 'forged', '', '{}', %s)",
            self.workspace.pk,
            f'[["version",{version.pk}]]',
        )
        self.run(
            "UPDATE ledger_leaf SET source = 'erasure', record_id = %s WHERE workspace_id = %s AND index = %s",
            Erasure.objects.get(number=900).pk,
            self.workspace.pk,
            leaf,
        )
        return leaf

    def _with_payload(self) -> list[TaskVersion]:
        return [each for each in self.versions() if each.payload_commit]

    def _blank(self, version: TaskVersion) -> None:
        """Facts, salt and payload of a version, as an erasure leaves them."""
        blank = ", ".join(f"{column} = {value}" for column, value in VERSIONS.blank.items())
        self.run(f"UPDATE tasks_taskversion SET {blank} WHERE id = %s", version.pk)
        self.run("DELETE FROM tasks_payload WHERE version_id = %s", version.pk)

    def seal_anew(self) -> None:
        """Leaves, roots and checkpoints of what stands there now, in its old order, signed with the true key."""
        place = {
            (leaf.source, leaf.record_id): leaf.index
            for leaf in Leaf.objects.filter(workspace=self.workspace).order_by("index")
        }
        for table in ("ledger_leaf", "ledger_checkpoint"):
            self.run(f"DELETE FROM {table} WHERE workspace_id = %s", self.workspace.pk)
        with connection.cursor() as cursor:
            rows = [row for source in sources() for row in self._commitments(cursor, source)]
            rows.sort(key=lambda row: place.get(row[1:3], len(place)))
            for some in batched(rows, sealing.ROUND):
                sealing._append(cursor, self.workspace.pk, list(some))

    def _commitments(self, cursor: Any, source: Source) -> list[tuple[Any, ...]]:
        """Every record of a source: workspace, source, id, commitment, leaf hash."""
        digest = leaf_digest(source.leaf_text("record.closed_commitment"))
        cursor.execute(
            f"SELECT record.workspace_id, '{source.name}', record.id, record.closed_commitment, {digest} FROM ("
            f"SELECT record.*, {source.commitment()} AS closed_commitment FROM {source.table} AS record "
            f"WHERE record.workspace_id = %s AND {source.where}) AS record ORDER BY record.id",
            [self.workspace.pk],
        )
        return list(cursor.fetchall())

    def _delete(self, version: TaskVersion) -> int:
        leaf = self.leaf_of(version)
        self.run("DELETE FROM tasks_payload WHERE version_id = %s", version.pk)
        self.run("DELETE FROM tasks_taskversion WHERE id = %s", version.pk)
        if self.chance.random() < 0.5:
            self.run("DELETE FROM ledger_leaf WHERE workspace_id = %s AND index = %s", self.workspace.pk, leaf)
        return leaf

    def _new_payload(self, version: TaskVersion) -> None:
        self.run(
            "UPDATE tasks_payload SET text = replace(text::text, 'Acme', 'Acne')::json WHERE version_id = %s",
            version.pk,
        )
        self.run(
            "UPDATE tasks_taskversion SET payload_commit = (SELECT sha256(salt || convert_to(text::text, 'UTF8')) "
            "FROM tasks_payload WHERE version_id = tasks_taskversion.id) WHERE id = %s AND payload_commit IS NOT NULL",
            version.pk,
        )


KINDS: dict[str, Callable[[Tamperer], int]] = {
    "a field edited": Tamperer.field_edited,
    "a row deleted in the middle": Tamperer.row_deleted,
    "a task's last version deleted": Tamperer.last_of_a_task_deleted,
    "the tail cut": Tamperer.tail_cut,
    "two rows swapped": Tamperer.rows_swapped,
    "a task rewritten with right hashes": Tamperer.task_rewritten,
    "a payload edited": Tamperer.payload_edited,
    "a payload taken away": Tamperer.payload_taken_away,
    "facts taken away": Tamperer.facts_taken_away,
    "more taken than was asked": Tamperer.more_taken_than_was_asked,
    "a request to erase denied": Tamperer.request_denied,
    "a request to erase backdated": Tamperer.request_backdated,
}
