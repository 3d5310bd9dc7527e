"""Tela's own history of tasks, asked for and kept: when somebody looks at one, and after a pull for what changed."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.connection import tela_client
from telareview.sync.models import Bookmark
from telareview.tasks.models import Kind, TaskVersion
from telareview.tasks.told import record_told
from telareview.tela import (
    Conflict,
    NotFound,
    RateLimited,
    Refused,
    TelaClient,
    UnreadableReply,
    VersionRecord,
    WrongKey,
)

#: Tasks asked for after a pull; for more than these Tela is asked when somebody looks.
TASKS_A_TURN = 100
#: An API that serves no versions is asked for them again, by the worker, after so long.
ASKED_AGAIN_AFTER = dt.timedelta(hours=1)
#: Changes after which Tela may have more to tell than was seen.
CHANGES = (Kind.CHANGED, Kind.APPROVED, Kind.APPROVAL_REVOKED, Kind.RETURNED)


def ask_for_history(workspace: Workspace, task_id: UUID) -> dt.datetime | None:
    """Keep what Tela tells of one task's past; when it was asked, or None when it tells nothing (404, or empty).

    For a page that somebody waits for. Raises TelaError and NoKey.
    """
    asked_at = timezone.now()
    with tela_client(workspace, hurried=True) as client:
        try:
            versions = client.get_versions(task_id)
        except NotFound:
            return None
    record_told(workspace, {task_id: versions}, asked_at)
    return asked_at if versions else None


def has_news(workspace: Workspace) -> bool:
    """Whether anything was observed since the last turn, and Tela is not known to serve no versions. Two statements."""
    bookmark = Bookmark.objects.filter(workspace=workspace).first()
    return bookmark is not None and not _is_silent(bookmark) and _newest(workspace) > bookmark.histories_to


def keep_histories(workspace: Workspace, client: TelaClient, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Keep what Tela tells of the tasks that changed since the last turn; how many entries were new.

    At most TASKS_A_TURN tasks, the latest changes first. Where Tela serves no versions, it is left alone for
    ASKED_AGAIN_AFTER. Raises TelaError: what was told before is kept, and the next turn asks for all of them again.
    """
    bookmark = Bookmark.objects.filter(workspace=workspace).first()
    if bookmark is None or _is_silent(bookmark):
        return 0
    newest = _newest(workspace)
    kept, answered = 0, False
    for task_id in _changed(workspace, bookmark.histories_to, newest):
        if should_stop():
            return kept
        asked_at = timezone.now()
        versions = _versions(client, task_id)
        if versions is not None:
            answered = True
            kept += record_told(workspace, {task_id: versions}, asked_at)
        elif not answered and _is_there(client, task_id):
            Bookmark.objects.filter(pk=bookmark.pk).update(versions_missing_at=asked_at)
            return kept
    Bookmark.objects.filter(pk=bookmark.pk).update(histories_to=max(newest, bookmark.histories_to))
    return kept


def _newest(workspace: Workspace) -> int:
    """The version observed last. A workspace's versions are numbered under its lock: none below it is still to come."""
    newest = TaskVersion.objects.of(workspace).order_by("-observed_at", "-pk").values_list("pk", flat=True).first()
    return newest or 0


def _changed(workspace: Workspace, after: int, to: int) -> list[UUID]:
    """The tasks that changed in these versions, however that became known.

    Not those seen for the first time: their past is asked for when they change, or when somebody looks.
    """
    versions = TaskVersion.objects.of(workspace).filter(pk__gt=after, pk__lte=to, kind__in=CHANGES).order_by("-pk")
    # A task may have changed several times since.
    found = versions.values_list("task_id", flat=True)[: TASKS_A_TURN * 10]
    return list(dict.fromkeys(found))[:TASKS_A_TURN]


def _is_silent(bookmark: Bookmark) -> bool:
    """Whether Tela proved a short while ago to serve no versions."""
    missing_at = bookmark.versions_missing_at
    return missing_at is not None and timezone.now() - missing_at < ASKED_AGAIN_AFTER


def _versions(client: TelaClient, task_id: UUID) -> tuple[VersionRecord, ...] | None:
    """Tela's history of a task; None when it has none to show. Raises TelaError for what is no answer to that."""
    try:
        return client.get_versions(task_id)
    except (WrongKey, RateLimited, Conflict):
        raise
    except (Refused, UnreadableReply):
        return None


def _is_there(client: TelaClient, task_id: UUID) -> bool:
    """Whether Tela serves the task itself, so that it is the address of its versions that is missing."""
    try:
        client.get_task(task_id)
    except NotFound:
        return False
    return True
