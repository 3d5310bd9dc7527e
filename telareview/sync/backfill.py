"""The first fill: the same walk over `createdAt`, in windows, several connections at a time, resumable.

`createdAt` never changes, so a window's membership changes only by deletion, which re-anchoring survives, and by new
tasks at the open end. What changes meanwhile is found by the walk over `updatedAt` from a bookmark taken beforehand.
"""

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from django.db import connection, transaction

from telareview.accounts.models import Workspace
from telareview.sync.exclusive import Stopped
from telareview.sync.gathering import gather
from telareview.sync.models import BackfillWindow, Bookmark, SyncRun
from telareview.sync.prepared import PreparedPage
from telareview.sync.progress import Tell, fill_share, progress_of
from telareview.sync.reader import OBJECTS_A_COLLECTION
from telareview.sync.readers import Readers
from telareview.sync.recording import record_steps
from telareview.sync.walk import Ask, Step, UnsoundPage, walk
from telareview.tasks.snapshots import Snapshot
from telareview.tela import TaskPage, TaskQuery, TelaClient

#: More windows than connections, so that a dense stretch of time does not leave the others idle.
WINDOWS_PER_CONNECTION = 4
#: Windows in hand beside those that Tela is being asked about: their pages are read and written meanwhile.
SPARE_WINDOWS = 2
#: An empty list is believed when it was told so many times running.
EMPTY_ANSWERS = 3
#: The end of a window, which is remembered: where a fifth of the answers lies, one window in 3,000 ends too early,
#: and the next sweep finds what it left out.
ENDS_BELIEVED = 5

#: Seconds between two tellings of how far a fill is.
TOLD_EVERY_SECONDS = 0.5

#: A page of a window with its tasks on their way into the mirror; at the window's end no page, and no tasks.
type Arrival = tuple[BackfillWindow, Step | None, Sequence[Snapshot]]


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
    progress: Tell | None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Fill the mirror, or go on where an earlier fill stopped; `again` begins anew. Raises TelaError."""
    open_windows = BackfillWindow.objects.filter(workspace=workspace, done=False)
    if (again or not open_windows.exists()) and not _plan(workspace, client, run, again=again, windows=connections):
        return
    windows = list(open_windows.order_by("since"))
    run.share_before = fill_share(workspace)
    run.save(update_fields=["share_before"])
    told_at = time.monotonic()

    def tell() -> None:
        nonlocal told_at
        told_at = time.monotonic()
        if progress is not None:
            run.refresh_from_db()
            progress(run, progress_of(workspace, run))

    def write(arrived: Sequence[Arrival]) -> None:
        _write(workspace, run, arrived)
        if (
            any(step is None for _window, step, _snapshots in arrived)
            or time.monotonic() - told_at > TOLD_EVERY_SECONDS
        ):
            tell()
        if should_stop():
            raise Stopped

    # One reads as fast as this one writes, and each takes 50 MiB.
    readers = Readers(1 if (os.cpu_count() or 1) > 1 else 0)

    def ask(query: TaskQuery) -> TaskPage:
        return client.list_tasks(query, readers.read)

    sources = [partial(_arrivals, ask, window) for window in windows]
    with readers, client.at_most(connections), _few_collections():
        if connections == 1:
            # In the same order and the same portions every time.
            gather(sources, write, threads=1, together=1)
        else:
            gather(sources, write, threads=connections + SPARE_WINDOWS)


@contextmanager
def _few_collections() -> Iterator[None]:
    """See `OBJECTS_A_COLLECTION`."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_A_COLLECTION, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


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


def _arrivals(ask: Ask, window: BackfillWindow) -> Iterator[Arrival]:
    """The pages of one window from where it stands, ready to be written; at its end, None instead of a page."""
    beginning = window.position or window.since
    for step in walk(ask, "createdAt", beginning, until=window.until, ends_believed=ENDS_BELIEVED):
        prepared = step.page.snapshots if isinstance(step.page, PreparedPage) else {}
        yield window, step, [prepared.get(task.id) or Snapshot(task) for task in step.page.tasks]
    yield window, None, ()


def _write(workspace: Workspace, run: SyncRun, arrived: Sequence[Arrival]) -> None:
    """Pages of different windows, and how far those have come, in one transaction."""
    for window, step, _snapshots in arrived:
        if step is None:
            window.done = True
        elif step.newest is not None and (window.position is None or step.newest > window.position):
            window.position = step.newest
    with transaction.atomic():
        if pages := [(step, snapshots) for _window, step, snapshots in arrived if step is not None]:
            record_steps(workspace, run, pages)
        _keep({window.pk: window for window, _step, _snapshots in arrived}.values())


def _keep(windows: Iterable[BackfillWindow]) -> None:
    """How far these have come. One statement: one for each takes an eighth of the time in which a page is written."""
    told = [(each.pk, each.position, each.done) for each in windows]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_backfillwindow AS kept SET position = told.position, done = told.done "
            "FROM unnest(%s::bigint[], %s::timestamptz[], %s::boolean[]) AS told (id, position, done) "
            "WHERE kept.id = told.id",
            [[*column] for column in zip(*told, strict=True)],
        )
