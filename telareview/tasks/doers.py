"""Who did which change, as far as it is known: derived from the versions, their payloads, and what people did here.

A first sight is its creator's, an approval its approver's, an edit that is new its author's, what was sent from here
the person's who sent it, an erasure theirs who asked for it. Nobody is known to have revoked an approval.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models

from telareview.accounts.models import Workspace
from telareview.ledger.bulk import copy_rows, octets
from telareview.tasks.querysets import TaskQuerySet

#: A payload's text without what PostgreSQL reads in no JSON: `\\u0000` and halves of surrogate pairs become U+FFFD.
READABLE = r"""CASE WHEN {}::text ~ '\\u(0000|d[89a-f])' THEN regexp_replace({}::text, '\\u0000'
    '|\\ud[89ab][0-9a-f]{{2}}(?!\\ud[c-f][0-9a-f]{{2}})|(?<!\\ud[89ab][0-9a-f]{{2}})\\ud[c-f][0-9a-f]{{2}}',
    '\\ufffd', 'g') ELSE {}::text END"""
#: An edit is new where the state before tells none of the same letters; where that state is lost, nothing is known.
#: An act of ours is of the first state known since, as the task's own history tells it. OFFSET 0 keeps the planner from
#: unpacking and reading a payload anew at each place that uses its edits.
NOTE = r"""
INSERT INTO tasks_changedoer (workspace_id, person, observed_at, version_id)
SELECT DISTINCT version.workspace_id, left(lower(doer.person), 600), version.observed_at, version.id
FROM tasks_taskversion AS version CROSS JOIN LATERAL (
    SELECT version.created_by WHERE version.kind = 'first_seen'
    UNION ALL SELECT version.approved_by WHERE version.kind IN ('first_seen', 'approved')
    UNION ALL SELECT edit ->> 'author'
    FROM tasks_payload AS payload CROSS JOIN LATERAL (
        SELECT ({payload})::json #> '{metadata,editedFields}' AS edits OFFSET 0
    ) AS told CROSS JOIN LATERAL json_array_elements(
        CASE json_typeof(told.edits) WHEN 'array' THEN told.edits ELSE '[]' END
    ) AS edit
    WHERE payload.version_id = version.id AND cardinality(version.edited_paths) > 0 AND json_typeof(edit) = 'object'
        AND json_typeof(edit -> 'author') = 'string' AND (version.number = 1 OR EXISTS (
            SELECT FROM tasks_taskversion AS before JOIN tasks_payload AS former ON former.version_id = before.id
            WHERE before.workspace_id = version.workspace_id AND before.task_id = version.task_id
                AND before.number = version.number - 1 AND strpos({former}, edit::text) = 0))
    UNION ALL SELECT act.person_email
    FROM tasks_reviewact AS act
    WHERE act.workspace_id = version.workspace_id AND act.task_id = version.task_id
        AND version.kind NOT IN ('gone', 'erased') AND act.state_updated_at <= version.updated_at AND NOT EXISTS (
            SELECT FROM tasks_taskversion AS before
            WHERE before.workspace_id = version.workspace_id AND before.task_id = version.task_id
                AND before.number < version.number AND before.kind NOT IN ('gone', 'erased')
                AND act.state_updated_at <= before.updated_at)
    UNION ALL SELECT erasure.asked_by FROM tasks_erasure AS erasure
    WHERE version.kind = 'erased' AND erasure.workspace_id = version.workspace_id AND erasure.number = version.erasure
) AS doer (person)
WHERE {which} AND doer.person <> ''
ON CONFLICT DO NOTHING
"""
FORGET = """
DELETE FROM tasks_changedoer AS doer USING tasks_taskversion AS version
WHERE version.workspace_id = %s AND version.task_id = ANY(%s)
    AND doer.workspace_id = version.workspace_id AND doer.version_id = version.id
"""
#: Small letters beyond ASCII are PostgreSQL's to say, as it says them to who looks for a person.
IN_SMALL_LETTERS = "SELECT person, left(lower(person), %s) FROM unnest(%s::text[]) AS told (person)"
DOER_COLUMNS = ("workspace_id", "person", "observed_at", "version_id")
PERSON_CHARACTERS = 600
OF_THESE = "version.id = ANY(%s)"
OF_THESE_TASKS = "version.workspace_id = %s AND version.task_id = ANY(%s)"


class FirstSight(NamedTuple):
    """The version of a task that was not known before, and who is told to have made it, as often as told."""

    workspace_id: int
    version_id: int
    observed_at: datetime
    doers: Sequence[str]


class ChangeDoer(models.Model):
    """One person's hand in one change. In the order of its key a person's changes are read newest first."""

    pk = models.CompositePrimaryKey("workspace_id", "person", "observed_at", "version_id")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    #: E-mail address in small letters, as Tela and we may spell the same person differently; cut where an index must.
    person = models.TextField()
    #: The version's.
    observed_at = models.DateTimeField()
    version_id: Any = models.BigIntegerField()

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "doer of a change"
        verbose_name_plural = "doers of changes"

    def __str__(self) -> str:
        return f"{self.person} in version {self.version_id}"


def note_doers(cursor: Any, version_ids: Sequence[int]) -> None:
    """Note who did these changes. One statement."""
    cursor.execute(_note(OF_THESE), [list(version_ids)])


def note_first_doers(cursor: Any, sights: Sequence[FirstSight]) -> None:
    """Note who did what these first sights show: one COPY, and one statement where a name is not plain ASCII.

    Creator, approver and authors are told beside them: no state came before, and nobody acts on a task that is not here
    yet. Finding this out by NOTE took a seventh of a first fill, and by a statement twice as long as by COPY.
    """
    persons = {person for each in sights for person in each.doers}
    small = {person: person.lower()[:PERSON_CHARACTERS] for person in persons if person.isascii()}
    if others := [*persons - small.keys()]:
        cursor.execute(IN_SMALL_LETTERS, [PERSON_CHARACTERS, others])
        small.update(cursor.fetchall())
    rows = (
        octets(each.workspace_id, person, each.observed_at, each.version_id)
        for each in sights
        for person in {small[doer] for doer in each.doers if doer}
    )
    copy_rows(cursor, ChangeDoer._meta.db_table, DOER_COLUMNS, rows)


def note_doers_of_task(workspace: Workspace, task_id: UUID) -> None:
    """The same of a task's versions, when something has been learned that they do not tell."""
    with connection.cursor() as cursor:
        cursor.execute(_note(OF_THESE_TASKS), [workspace.pk, [task_id]])


def remake_doers(workspace: Workspace, task_ids: Sequence[UUID]) -> None:
    """Those of these tasks anew. Two statements."""
    tasks: list[Any] = [workspace.pk, list(task_ids)]
    with connection.cursor() as cursor:
        cursor.execute(FORGET, tasks)
        cursor.execute(_note(OF_THESE_TASKS), tasks)


def _note(which: str) -> str:
    statement = NOTE.replace("{which}", which)
    for payload in ("payload", "former"):
        statement = statement.replace(f"{{{payload}}}", READABLE.format(*[f"{payload}.text"] * 3))
    return statement
