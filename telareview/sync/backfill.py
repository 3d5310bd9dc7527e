"""The first fill: the same walk over `createdAt`, in windows, several connections at a time, resumable.

`createdAt` never changes, so a window's membership changes only by deletion, which re-anchoring survives, and by new
tasks at the open end. What changes meanwhile is found by the walk over `updatedAt` from a bookmark taken beforehand.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from django.db import connection, transaction

from telareview.accounts.models import Workspace
from telareview.sync.exclusive import Stopped
from telareview.sync.models import BackfillWindow, Bookmark, SyncRun
from telareview.sync.recording import record_step
from telareview.sync.walk import UnsoundPage, walk
from telareview.tela import TaskPage, TaskQuery, TelaClient

#: More windows than connections, so that a dense stretch of time does not leave the others idle.
WINDOWS_PER_CONNECTION = 4
#: An empty list is believed when it was told so many times running.
EMPTY_ANSWERS = 3
#: The end of a window, which is remembered: where a fifth of the answers lies, one window in 3,000 ends too early,
#: and the next sweep finds what it left out.
ENDS_BELIEVED = 5

type Progress = Callable[[SyncRun, float], None]


def is_filled(workspace: Workspace) -> bool:
    """Whether a first fill has reached its end."""
    windows = BackfillWindow.objects.filter(workspace=workspace)
    return windows.exists() and not windows.filter(done=False).exists()


def backfill(
    workspace: Workspace,
    client: TelaClient,
    run: SyncRun,
    *,
    again: bool,
    connections: int,
    progress: Progress | None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Fill the mirror, or go on where an earlier fill stopped; `again` begins anew. Raises TelaError."""
    open_windows = BackfillWindow.objects.filter(workspace=workspace, done=False)
    if (again or not open_windows.exists()) and not _plan(workspace, client, run, again=again, windows=connections):
        return
    stop = threading.Event()
    windows = list(open_windows.order_by("since"))
    every = BackfillWindow.objects.filter(workspace=workspace)

    def fill(window: BackfillWindow) -> None:
        if stop.is_set():
            raise Stopped
        try:
            _fill_window(workspace, client, run, window, lambda: stop.is_set() or should_stop())
        except BaseException:
            stop.set()
            raise
        if progress is not None:
            run.refresh_from_db()
            progress(run, every.filter(done=True).count() / max(1, every.count()))

    if connections == 1:
        for window in windows:
            fill(window)
        return
    with ThreadPoolExecutor(connections, thread_name_prefix="backfill") as pool:
        futures = [pool.submit(_with_own_connection, fill, window) for window in windows]
        try:
            wait(futures)
        finally:
            stop.set()
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        # The windows beside a failed one end as stopped: what stopped them is the reason.
        raise next((error for error in errors if not isinstance(error, Stopped)), errors[0])


def _with_own_connection(fill: Callable[[BackfillWindow], None], window: BackfillWindow) -> None:
    """Each thread has a database connection of its own; it is closed, for the thread does not come back."""
    try:
        fill(window)
    finally:
        connection.close()


def _plan(workspace: Workspace, client: TelaClient, run: SyncRun, *, again: bool, windows: int) -> bool:
    """Cut the time between the oldest and the newest task into windows; False when Tela shows no task at all."""
    newest_update = _edge(client, "updatedAt", "desc")
    oldest = _edge(client, "createdAt", "asc")
    newest = _edge(client, "createdAt", "desc")
    if newest_update is None or oldest is None or newest is None:
        return False
    first, last = oldest.tasks[0].created_at, newest.tasks[0].created_at
    # A stamp from the future is no bookmark; what the future is, Tela's clock says where it is told.
    bookmark = min(newest_update.tasks[0].updated_at, newest_update.server_time or run.started_at)
    count = windows * WINDOWS_PER_CONNECTION if windows > 1 else 1
    step = (last - first) / count
    edges = sorted({first + step * index for index in range(count)})
    with transaction.atomic():
        if again:
            BackfillWindow.objects.filter(workspace=workspace).delete()
        BackfillWindow.objects.bulk_create(
            BackfillWindow(workspace=workspace, since=since, until=until)
            for since, until in zip(edges, [*edges[1:], None], strict=True)
        )
        Bookmark.objects.get_or_create(workspace=workspace, defaults={"updated_at": bookmark})
    return True


def _edge(client: TelaClient, key: str, order: str) -> TaskPage | None:
    """The first tasks in an order, one at least; None when the list was empty several times running.

    Raises UnsoundPage where there are rows, but none that can be read.
    """
    query = TaskQuery(limit=10, order_by=key, order=order, exclude_input_output=True)
    for _ in range(EMPTY_ANSWERS):
        page = client.list_tasks(query)
        if page.tasks:
            return page
        if page.rejected:
            raise UnsoundPage("(None of the first rows could be read, so the fill cannot begin there.)")
    return None


def _fill_window(
    workspace: Workspace, client: TelaClient, run: SyncRun, window: BackfillWindow, should_stop: Callable[[], bool]
) -> None:
    """Walk one window to its end from where it stands; each page commits with its position."""
    beginning = window.position or window.since
    for step in walk(client.list_tasks, "createdAt", beginning, until=window.until, ends_believed=ENDS_BELIEVED):
        with transaction.atomic():
            record_step(workspace, run, step)
            if step.newest is not None and (window.position is None or step.newest > window.position):
                window.position = step.newest
                window.save(update_fields=["position"])
        if should_stop():
            raise Stopped
    window.done = True
    window.save(update_fields=["done"])
