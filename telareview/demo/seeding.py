"""Believable tasks in bulk, for trying and measuring large mirrors: made by PostgreSQL itself, some thousand at a time.

What stands in the mirror then is what pulling the same tasks would have left there: payloads are canonical JSON, hash
and commitment are true of them, facts follow from them (`tests/demo/test_seeding.py` holds each against the mirror's
own code). What a task is like follows from its number alone.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import starmap
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.db import connection, models, transaction
from django.db.models import Max
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.demo.seed_sql import FUNCTIONS, STATES
from telareview.demo.seed_words import APPS, SLOT_COLUMNS, slots
from telareview.ledger.bulk import copy_rows, octets
from telareview.tasks.doers import ChangeDoer, remake_doers
from telareview.tasks.former import remake
from telareview.tasks.mirror import WRITER_LOCK, Look, record_gone
from telareview.tasks.models import AppName, FormerCard, Horizon, Learned, OutputIndex, Payload, Task, TaskVersion
from telareview.tasks.rows import CARD_COLUMNS, INDEX_COLUMNS, VERSION_COLUMNS
from telareview.web.client import is_loopback

#: What one set of statements makes: large enough that statements cost nothing, small enough for a lively progress bar.
CHUNK_TASKS = 20_000
#: A mirror of so many versions fills about 40 GB.
MOST_VERSIONS_IN_ALL = 10_000_000
MOST_VERSIONS_EACH = 100
SPAN = dt.timedelta(days=400)
#: Of a thousand tasks so many come in at one instant and are approved at one instant.
BULK_TASKS = 150
REVISED_PERCENT = 35
GONE_PERMILLE = 2


class CannotSeed(Exception):
    """Nothing was made; the message says why."""


def seed(workspace: Workspace, tasks: int, *, versions: int = 1, progress: Callable[[int], object]) -> None:
    """Add that many tasks, each with that many versions. `progress` is told how many each chunk made.

    Raises CannotSeed before anything is made. Whole chunks stay when it is interrupted; called again it adds others.
    """
    _refuse_real_data(workspace)
    _refuse_absurd_numbers(workspace, tasks, versions)
    AppName.objects.bulk_create(
        [AppName(workspace=workspace, application_id=app.id, name=app.name) for app in APPS], ignore_conflicts=True
    )
    first = (Task.objects.of(workspace).aggregate(last=Max("reference"))["last"] or 0) + 1
    end = timezone.now().replace(second=0, microsecond=0)
    world = {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "first": first,
        "total": tasks,
        "versions": versions,
        "begin": end - SPAN,
        "span": SPAN,
        "end": end,
        "bulk": BULK_TASKS,
        "revised": REVISED_PERCENT,
    }
    for start in range(first, first + tasks, CHUNK_TASKS):
        stop = min(start + CHUNK_TASKS, first + tasks)
        _seed_chunk(workspace, {**world, "start": start, "stop": stop - 1})
        progress(stop - start)


def tidy() -> None:
    """Statistics and visibility map of what was written, as autovacuum would make them in time."""
    # VACUUM refuses to run inside a transaction, which the caller may have open.
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as apart:
        for model in (Task, TaskVersion, Payload, OutputIndex, FormerCard, Horizon, ChangeDoer):
            apart.execute(f"VACUUM (ANALYZE) {model._meta.db_table}")


def _refuse_real_data(workspace: Workspace) -> None:
    """Made-up tasks must not stand beside those of a real Tela."""
    host = urlsplit(workspace.api_url).hostname or ""
    if workspace.api_key_encrypted and host != "localhost" and not is_loopback(host):
        raise CannotSeed(
            f"The workspace “{workspace.slug}” mirrors {workspace.api_url}; made-up tasks do not belong there. "
            "Name another workspace with --workspace, or another database with DATABASE_URL."
        )


def _refuse_absurd_numbers(workspace: Workspace, tasks: int, versions: int) -> None:
    if tasks < 1 or not 1 <= versions <= MOST_VERSIONS_EACH:
        raise CannotSeed(f"Ask for at least one task, with 1 to {MOST_VERSIONS_EACH} versions each.")
    standing = TaskVersion.objects.of(workspace).count()
    if standing + tasks * versions > MOST_VERSIONS_IN_ALL:
        raise CannotSeed(
            f"There would be {standing + tasks * versions:,} versions; {MOST_VERSIONS_IN_ALL:,} is the most."
        )


@transaction.atomic
def _seed_chunk(workspace: Workspace, world: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [WRITER_LOCK, workspace.pk])
        cursor.execute(FUNCTIONS)
        cursor.execute("DROP TABLE IF EXISTS slots, states")
        columns = ", ".join(f"{name} {kind}" for name, kind in SLOT_COLUMNS.items())
        cursor.execute(f"CREATE TEMPORARY TABLE slots ({columns}) ON COMMIT DROP")
        copy_rows(cursor, "slots", tuple(SLOT_COLUMNS), starmap(octets, slots()))
        cursor.execute(STATES, world)
        _insert(cursor, TaskVersion, VERSION_COLUMNS)
        _insert(cursor, Payload, ("version_id", "salt", "text"))
        _insert(cursor, Task, CARD_COLUMNS, "WHERE newest")
        _insert(cursor, OutputIndex, INDEX_COLUMNS, "WHERE newest")
        cursor.execute("SELECT task_id, mod(d2, 1000) < %s FROM states WHERE newest", [GONE_PERMILLE])
        made = cursor.fetchall()
    remake(workspace, [task_id for task_id, _goes in made])
    remake_doers(workspace, [task_id for task_id, _goes in made])
    gone = [task_id for task_id, goes in made if goes]
    record_gone(gone, Look(workspace, Learned.SWEEP, timezone.now()))


def _insert(cursor: Any, model: type[models.Model], columns: Sequence[str], which: str = "") -> None:
    """The mirror's own columns, from columns of the same names: a new one is missed at once."""
    names = ", ".join(columns)
    cursor.execute(f"INSERT INTO {model._meta.db_table} ({names}) SELECT {names} FROM states {which}")  # noqa: S608
