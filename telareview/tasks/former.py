"""What was known before: keeps the former cards and the horizons in step with the versions, or makes them anew."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from telareview.accounts.models import Workspace
from telareview.tasks.facts import Facts

COLUMNS = (*Facts._fields, "erasure")
FACTS = ", ".join(COLUMNS)
CARD_FACTS = ", ".join(f"card.{name}" for name in COLUMNS)
#: Only seldom did the look that brought the newer state begin before the one that brought the older; then the older
#: state was known by no moment, or for a shorter time.
SHORTEN = """
UPDATE tasks_formercard AS former
SET span = CASE WHEN former.observed_at < version.observed_at
    THEN tstzrange(former.observed_at, version.observed_at) ELSE 'empty' END
FROM tasks_taskversion AS version
WHERE version.id = ANY(%s) AND former.workspace_id = version.workspace_id AND former.task_id = version.task_id
    AND upper(former.span) > version.observed_at
"""
LAY_DOWN = f"""
INSERT INTO tasks_formercard (workspace_id, {FACTS}, gone_at, version_id, version_number, observed_at, span)
SELECT card.workspace_id, {CARD_FACTS}, card.gone_at, card.version_id, card.version_number, card.observed_at,
    CASE WHEN card.observed_at < version.observed_at
        THEN tstzrange(card.observed_at, version.observed_at) ELSE 'empty' END
FROM tasks_taskversion AS version
JOIN tasks_task AS card ON card.workspace_id = version.workspace_id AND card.task_id = version.task_id
WHERE version.id = ANY(%s)
"""  # noqa: S608 - our own names
WIDEN = """
INSERT INTO tasks_horizon AS horizon (workspace_id, day, updated_at, created_at, approved_at, reference)
SELECT workspace_id, (observed_at AT TIME ZONE 'UTC')::date, max(updated_at), max(created_at), max(approved_at),
    max(reference)
FROM tasks_taskversion AS version WHERE {which} GROUP BY 1, 2
ON CONFLICT (workspace_id, day) DO UPDATE SET updated_at = greatest(horizon.updated_at, excluded.updated_at),
    created_at = greatest(horizon.created_at, excluded.created_at),
    approved_at = greatest(horizon.approved_at, excluded.approved_at),
    reference = greatest(horizon.reference, excluded.reference)
"""
#: A state ends where the first look began that brought a later one; of a newest state the card still stands.
REMAKE = f"""
INSERT INTO tasks_formercard (workspace_id, {FACTS}, gone_at, version_id, version_number, observed_at, span)
SELECT workspace_id, {FACTS}, CASE WHEN kind = 'gone' THEN observed_at END, id, number, observed_at,
    CASE WHEN observed_at < until THEN tstzrange(observed_at, until) ELSE 'empty' END
FROM (
    SELECT version.*, min(observed_at) OVER (
        PARTITION BY workspace_id, task_id ORDER BY number ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS until
    FROM tasks_taskversion AS version WHERE {{which}}
) AS lived
WHERE until IS NOT NULL
"""  # noqa: S608
OF_THESE_TASKS = "workspace_id = %s AND task_id = ANY(%s)"


def lay_down_cards(cursor: Any, version_ids: Sequence[int]) -> None:
    """Keep the cards that these versions, the newest of their tasks, are about to replace. Two statements."""
    ids = [list(version_ids)]
    cursor.execute(SHORTEN, ids)
    cursor.execute(LAY_DOWN, ids)


def widen_horizon(cursor: Any, version_ids: Sequence[int]) -> None:
    """Let the horizon of the days on which these versions were observed hold them. One statement."""
    cursor.execute(WIDEN.format(which="id = ANY(%s)"), [list(version_ids)])


def remake(workspace: Workspace, task_ids: Sequence[UUID]) -> None:
    """The former cards of these tasks made anew from their versions, and the horizons widened to hold them."""
    tasks: list[Any] = [workspace.pk, list(task_ids)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM tasks_formercard WHERE {OF_THESE_TASKS}", tasks)  # noqa: S608
        cursor.execute(REMAKE.format(which=OF_THESE_TASKS), tasks)
        cursor.execute(WIDEN.format(which=OF_THESE_TASKS), tasks)
