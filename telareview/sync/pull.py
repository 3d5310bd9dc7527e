"""Bring news from Tela: the first fill over `createdAt`, then the re-anchored walk over `updatedAt`.

Rows, versions, bookmark and counts of a page commit together, so a process killed at any moment loses and repeats
nothing. The bookmark is the newest row seen, never the clock.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.backfill import backfill, is_filled
from telareview.sync.models import Bookmark, SyncRun
from telareview.sync.recording import record_step
from telareview.sync.runs import begin_run, close_abandoned_runs, end_run
from telareview.sync.walk import stamp, walk
from telareview.tela import TelaClient, TelaError

#: The longest delay between a change's stamp and its becoming visible that we allow for.
OVERLAP = dt.timedelta(seconds=120)
#: First key of the advisory lock that lets one pull at a time into a workspace.
PULL_LOCK = 0x70756C6C

type Progress = Callable[[SyncRun, float], None]


class PullIsRunning(Exception):
    """Another pull of this workspace is running. Wait until it has ended, then pull again."""

    code = "pull_is_running"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


def pull_tasks(
    workspace: Workspace,
    client: TelaClient,
    *,
    full: bool = False,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    connections: int = 4,
    progress: Progress | None = None,
) -> SyncRun:
    """One pull, first fill included where it is due. Returns the ended run: complete, or with its error in words.

    `full` walks everything again; `since`/`until` (times of update) read a stretch and leave the bookmark alone.
    Raises PullIsRunning; database errors pass through after the run was closed where that was possible.
    """
    with _one_at_a_time(workspace):
        close_abandoned_runs(workspace, SyncRun.Kind.PULL, SyncRun.Kind.BACKFILL)
        fill = not (since or until) and (full or not is_filled(workspace))
        run = begin_run(workspace, SyncRun.Kind.BACKFILL if fill else SyncRun.Kind.PULL)
        try:
            if fill:
                backfill(workspace, client, run, again=full, connections=connections, progress=progress)
            if since or until:
                _walk_stretch(workspace, client, run, since, until)
            else:
                _walk_news(workspace, client, run)
        except TelaError as error:
            Bookmark.objects.filter(workspace=workspace, failing_since=None).update(failing_since=timezone.now())
            return end_run(run, client, error)
        except (DatabaseError, KeyboardInterrupt, SystemExit) as error:
            _close_after(run, client, error)
            raise
        return end_run(run, client)


def _walk_news(workspace: Workspace, client: TelaClient, run: SyncRun) -> None:
    """From the bookmark, less the overlap, to the present end of the list."""
    bookmark = Bookmark.objects.filter(workspace=workspace).first()
    if bookmark is None:
        # Tela has shown no task yet: nothing to walk from.
        return
    top, started = bookmark.updated_at, timezone.now()
    cap: dt.datetime | None = None
    for step in walk(client.list_tasks, "updatedAt", bookmark.updated_at - OVERLAP):
        # A stamp from the future must not blind the walk to everything before it.
        cap = cap or step.page.server_time or step.asked_at
        newest = max((stamp(task, "updatedAt") for task in step.page.tasks), default=top)
        top = max(top, min(newest, cap))
        with transaction.atomic():
            record_step(workspace, run, step)
            Bookmark.objects.filter(workspace=workspace, updated_at__lt=top).update(updated_at=top)
    Bookmark.objects.filter(workspace=workspace).update(synced_at=started, failing_since=None)


def _walk_stretch(
    workspace: Workspace, client: TelaClient, run: SyncRun, since: dt.datetime | None, until: dt.datetime | None
) -> None:
    beginning = since or dt.datetime.fromtimestamp(0, dt.UTC)
    for step in walk(client.list_tasks, "updatedAt", beginning, until=until):
        with transaction.atomic():
            record_step(workspace, run, step)


@contextmanager
def _one_at_a_time(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's pull lock; it goes with the connection, so a killed process leaves none behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [PULL_LOCK, workspace.pk])
        if not cursor.fetchone()[0]:
            raise PullIsRunning
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [PULL_LOCK, workspace.pk])


def _close_after(run: SyncRun, client: TelaClient, error: BaseException) -> None:
    """End the run after an error that is not Tela's; a database that is gone leaves it to the next run."""
    spoken: Exception = Stopped() if not isinstance(error, Exception) else DatabaseTrouble(str(error))
    try:
        end_run(run, client, spoken)
    except DatabaseError:
        return


class Stopped(Exception):
    """The run was stopped. What had arrived is kept; the next run goes on from there."""

    code = "stopped"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


class DatabaseTrouble(Exception):
    """The database refused to store what Tela sent."""

    code = "database"
