"""Deletions are noticed, never guessed: two 404s, apart in time, while another task of the app answers."""

import datetime as dt
from collections.abc import Sequence
from itertools import batched
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.models import AbsentTask, SyncRun
from telareview.sync.runs import count_page
from telareview.tasks.mirror import Look, record_gone, record_tasks
from telareview.tasks.models import Learned, Task
from telareview.tela import Forbidden, NotFound, TaskRecord, TelaClient

#: Between the two 404s: longer than a fail-over or a deployment at the source.
APART = dt.timedelta(minutes=10)
#: Witnesses asked before an app counts as out of reach.
WITNESSES = 3
#: Absent tasks noted in one statement; of those asked for when a process is killed, the next sweep asks again.
NOTED_TOGETHER = 50


def ask_absent(workspace: Workspace, client: TelaClient, run: SyncRun, ids: Sequence[UUID]) -> None:
    """Ask for each task by id: one that answers is mirrored, one that is not there (404) is noted. Raises TelaError."""
    for some in batched(ids, NOTED_TOGETHER):
        absent = []
        try:
            for task_id in some:
                asked_at = timezone.now()
                record = _get(client, task_id)
                if record is not None:
                    _came_back(workspace, run, record, asked_at)
                    continue
                note = AbsentTask(
                    workspace=workspace, task_id=task_id, first_absent_at=asked_at, last_asked_at=asked_at
                )
                absent.append(note)
        finally:
            # What was answered before an error holds. Where a first 404 is noted already, that one stays.
            AbsentTask.objects.bulk_create(absent, ignore_conflicts=True)


def confirm_absent(
    workspace: Workspace, client: TelaClient, run: SyncRun | None, *, now: dt.datetime | None = None
) -> int:
    """Ask again for tasks whose first 404 is `APART` ago, and mark gone those that are still not there.

    Nothing is marked in an app of which no other task answers: then it is the access that went, not the task.
    Returns how many were marked. Raises TelaError.
    """
    now = now or timezone.now()
    due = list(AbsentTask.objects.filter(workspace=workspace, first_absent_at__lte=now - APART))
    gone: list[UUID] = []
    witnessed: dict[UUID | None, bool] = {}
    apps = dict(
        Task.objects.of(workspace)
        .filter(task_id__in=[absent.task_id for absent in due])
        .values_list("task_id", "prompt_application_id")
    )
    asked: list[int] = []
    try:
        for absent in due:
            asked_at = timezone.now()
            record = _get(client, absent.task_id)
            if record is not None:
                _came_back(workspace, run, record, asked_at)
                continue
            asked.append(absent.pk)
            app = apps.get(absent.task_id)
            if app not in witnessed:
                witnessed[app] = _answers(workspace, client, app, {each.task_id for each in due})
            if witnessed[app]:
                gone.append(absent.task_id)
    finally:
        # What was answered before an error holds.
        AbsentTask.objects.filter(pk__in=asked).update(last_asked_at=timezone.now())
        look = Look(workspace, Learned.SWEEP, timezone.now(), run.pk if run else None)
        marked = record_gone(gone, look) if gone else ()
        AbsentTask.objects.filter(workspace=workspace, task_id__in=gone).delete()
        if run is not None and marked:
            SyncRun.objects.filter(pk=run.pk).update(gone=F("gone") + len(marked))
    return len(marked)


def _get(client: TelaClient, task_id: UUID) -> TaskRecord | None:
    """The task, or None for a 404 (or a row that says it was deleted)."""
    try:
        record = client.get_task(task_id)
    except NotFound:
        return None
    return None if record.deleted_at is not None else record


def _came_back(workspace: Workspace, run: SyncRun | None, record: TaskRecord, asked_at: dt.datetime) -> None:
    recorded = record_tasks([record], Look(workspace, Learned.SWEEP, asked_at, run.pk if run else None))
    AbsentTask.objects.filter(workspace=workspace, task_id=record.id).delete()
    if run is not None:
        count_page(run, recorded, 0)


def _answers(workspace: Workspace, client: TelaClient, app: UUID | None, absent: set[UUID]) -> bool:
    """Whether another task of the app answers: the newest few that are not absent themselves."""
    others = (
        Task.objects.of(workspace)
        .filter(prompt_application_id=app, gone_at=None)
        .exclude(task_id__in=absent)
        .order_by("-updated_at", "-task_id")
        .values_list("task_id", flat=True)[:WITNESSES]
    )
    for task_id in others:
        try:
            client.get_task(task_id)
        except (NotFound, Forbidden):
            continue
        return True
    return False
