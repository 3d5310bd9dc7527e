"""One pull or sweep of a workspace at a time, each closed with an outcome whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.models import Bookmark, SyncRun
from telareview.sync.runs import begin_run, close_abandoned_runs, end_run
from telareview.tela import TelaClient, TelaError

#: First key of the advisory lock that lets one pull at a time into a workspace.
PULL_LOCK = 0x70756C6C
KINDS = (SyncRun.Kind.PULL, SyncRun.Kind.BACKFILL, SyncRun.Kind.SWEEP, SyncRun.Kind.RECONCILE)


class SyncError(Exception):
    """The run failed. (The docstring of each class is its message.)"""

    code = "sync_error"

    def __str__(self) -> str:
        return " ".join(part for part in ((self.__doc__ or "").strip(), *map(str, self.args)) if part)


class PullIsRunning(SyncError):
    """Another pull of this workspace is running. Wait until it has ended, then pull again."""

    code = "pull_is_running"


class Stopped(SyncError):
    """The run was stopped. What had arrived is kept; the next run goes on from there."""

    code = "stopped"


class DatabaseTrouble(SyncError):
    """The database refused to store what Tela sent."""

    code = "database"


def run_exclusively(
    workspace: Workspace, client: TelaClient, kind: Callable[[], SyncRun.Kind], work: Callable[[SyncRun], None]
) -> SyncRun:
    """Do `work` in a run of its own and return the ended run: complete, or with its error in words.

    `kind` is asked once the lock is held. Raises PullIsRunning; database errors and signals pass through after the
    run was closed, where that was still possible.
    """
    with _locked(workspace):
        close_abandoned_runs(workspace, *KINDS)
        run = begin_run(workspace, kind())
        try:
            work(run)
        except TelaError as error:
            Bookmark.objects.filter(workspace=workspace, failing_since=None).update(failing_since=timezone.now())
            return end_run(run, client, error)
        except Stopped as error:
            return end_run(run, client, error)
        except (DatabaseError, KeyboardInterrupt, SystemExit) as error:
            _close_after(run, client, error)
            raise
        return end_run(run, client)


def is_being_pulled(workspace: Workspace) -> bool:
    """Whether some process holds the workspace's pull lock at this moment; a killed one does not. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s "
            "AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [PULL_LOCK, workspace.pk],
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
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
    spoken = DatabaseTrouble(f"({error})") if isinstance(error, Exception) else Stopped()
    try:
        end_run(run, client, spoken)
    except DatabaseError:
        return
