"""Bring news from Tela: the first fill over `createdAt`, then the re-anchored walk over `updatedAt`, and the sweep.

Rows, versions, bookmark and counts of a page commit together, so a process killed at any moment loses and repeats
nothing. The bookmark is the newest row seen, never the clock.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.backfill import backfill, is_filled
from telareview.sync.exclusive import PullIsRunning, Stopped, run_exclusively
from telareview.sync.models import Bookmark, SyncRun
from telareview.sync.progress import Tell
from telareview.sync.reconcile import reconcile
from telareview.sync.recording import record_step
from telareview.sync.sweep import sweep
from telareview.sync.walk import stamp, walk
from telareview.tela import TelaClient

__all__ = ["OVERLAP", "PullIsRunning", "pull_tasks", "reconcile_tasks", "sweep_tasks"]

#: The longest delay between a change's stamp and its becoming visible that we allow for.
OVERLAP = dt.timedelta(seconds=120)


def never() -> bool:
    return False


def pull_tasks(
    workspace: Workspace,
    client: TelaClient,
    *,
    full: bool = False,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    connections: int = 4,
    progress: Tell | None = None,
    should_stop: Callable[[], bool] = never,
) -> SyncRun:
    """One pull, first fill included where it is due. Returns the ended run: complete, or with its error in words.

    `full` walks everything again; `since`/`until` (times of update) read a stretch and leave the bookmark alone.
    `should_stop` is asked after each page. Raises PullIsRunning and database errors (see `run_exclusively`).
    """

    def kind() -> SyncRun.Kind:
        fill = not (since or until) and (full or not is_filled(workspace))
        return SyncRun.Kind.BACKFILL if fill else SyncRun.Kind.PULL

    def work(run: SyncRun) -> None:
        if since or until:
            _walk_stretch(workspace, client, run, since, until)
            return
        if run.kind == SyncRun.Kind.BACKFILL:
            backfill(
                workspace,
                client,
                run,
                again=full,
                connections=connections,
                progress=progress,
                should_stop=should_stop,
            )
        _walk_news(workspace, client, run, should_stop)

    return run_exclusively(workspace, client, kind, work)


def sweep_tasks(
    workspace: Workspace,
    client: TelaClient,
    *,
    mend: bool = True,
    many_gone: bool = False,
    progress: Tell | None = None,
    should_stop: Callable[[], bool] = never,
) -> tuple[SyncRun, int]:
    """One full comparison; the ended run, and how many differences it met. Raises PullIsRunning."""
    differences = 0

    def work(run: SyncRun) -> None:
        nonlocal differences
        differences = sweep(
            workspace, client, run, mend=mend, many_gone=many_gone, progress=progress, should_stop=should_stop
        )

    run = run_exclusively(workspace, client, lambda: SyncRun.Kind.SWEEP, work)
    return run, differences


def reconcile_tasks(workspace: Workspace, client: TelaClient, *, should_stop: Callable[[], bool] = never) -> SyncRun:
    """One comparison of counts, with a sweep of the months that differ; the ended run. Raises PullIsRunning."""

    def work(run: SyncRun) -> None:
        reconcile(workspace, client, run, should_stop=should_stop)

    return run_exclusively(workspace, client, lambda: SyncRun.Kind.RECONCILE, work)


def _walk_news(workspace: Workspace, client: TelaClient, run: SyncRun, should_stop: Callable[[], bool]) -> None:
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
        moved = min(newest, cap) > top
        top = max(top, min(newest, cap))
        # A fill has just read and counted all of these; of them only changes are news.
        known = frozenset(task.id for task in step.page.tasks) if run.kind == SyncRun.Kind.BACKFILL else step.reread
        with transaction.atomic():
            record_step(workspace, run, dataclasses.replace(step, reread=known))
            if moved:
                Bookmark.objects.filter(workspace=workspace, updated_at__lt=top).update(updated_at=top)
        if should_stop():
            raise Stopped
    Bookmark.objects.filter(workspace=workspace).update(synced_at=started, failing_since=None)


def _walk_stretch(
    workspace: Workspace, client: TelaClient, run: SyncRun, since: dt.datetime | None, until: dt.datetime | None
) -> None:
    beginning = since or dt.datetime.fromtimestamp(0, dt.UTC)
    for step in walk(client.list_tasks, "updatedAt", beginning, until=until):
        with transaction.atomic():
            record_step(workspace, run, step)
