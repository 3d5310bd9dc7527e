"""What somebody who owns the database can do to history, at random places. Each tells the first leaf it concerns.

`clever` ones then make leaves, roots and checkpoints anew, signed with the true key: only a checkpoint that left the
house before can show it.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pgtrigger
from django.db import connection, transaction

from telareview.ledger.models import Leaf
from telareview.ledger.sealing import seal
from telareview.tasks.models import TaskVersion

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
        version = self.chance.choice([each for each in self.versions() if each.payload_commit])
        self.run(
            "UPDATE tasks_payload SET text = replace(text::text, 'Acme', 'Acne')::json WHERE version_id = %s",
            version.pk,
        )
        return self.leaf_of(version)

    def seal_anew(self) -> None:
        """Leaves, roots and checkpoints of what stands there now, signed with the true key."""
        self.run("DELETE FROM ledger_leaf")
        self.run("DELETE FROM ledger_checkpoint")
        seal(thorough=True)

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
}
