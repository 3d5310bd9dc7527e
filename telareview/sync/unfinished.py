"""Tasks that are still running are asked for again, ever more rarely, until they wait for review, end or fail."""

import datetime as dt
import math
from uuid import UUID

from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync.comparing import IDS_A_CALL, fetch_whole
from telareview.tasks.following import UNFINISHED
from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned, Task
from telareview.tela import TelaClient

#: One look at all running tasks; each is asked for when its own time has come.
TICK = dt.timedelta(seconds=10)
#: A task is asked for again after a quarter of its age, within these bounds.
SOONEST, LATEST = dt.timedelta(seconds=10), dt.timedelta(hours=1)
A_QUARTER = 0.25
#: Where a quarter of the age passes these bounds.
GROWING_FROM, GROWING_TO = SOONEST / A_QUARTER, LATEST / A_QUARTER
#: More at a time would hammer Tela; the incremental walk brings the rest.
MAX_AT_A_TIME = 100


def refresh_unfinished(workspace: Workspace, client: TelaClient, now: dt.datetime | None = None) -> Recorded:
    """Fetch the unfinished tasks whose time has come, and mirror them. Raises TelaError."""
    now = now or timezone.now()
    cards = (
        Task.objects.of(workspace)
        .filter(status__in=UNFINISHED, gone_at=None)
        .order_by("-updated_at")
        .values_list("task_id", "updated_at")
    )
    due = [task_id for task_id, updated_at in cards if is_due(updated_at, now)][:MAX_AT_A_TIME]
    recorded = Recorded()
    for start in range(0, len(due), IDS_A_CALL):
        recorded += _refresh(workspace, client, due[start : start + IDS_A_CALL])
    return recorded


def is_due(updated_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether one of the task's turns lies within the tick that ends now: nothing has to be remembered."""
    age = now - updated_at
    return _turns(age) != _turns(age - TICK)


def _turns(age: dt.timedelta) -> int:
    """How often a task of this age has been asked for: each tick at first, then whenever it is a quarter older."""
    if age < GROWING_FROM:
        return age // SOONEST
    before = GROWING_FROM // SOONEST
    if age < GROWING_TO:
        return before + math.floor(math.log(age / GROWING_FROM, 1 + A_QUARTER))
    before += math.floor(math.log(GROWING_TO / GROWING_FROM, 1 + A_QUARTER))
    return before + (age - GROWING_TO) // LATEST


def _refresh(workspace: Workspace, client: TelaClient, ids: list[UUID]) -> Recorded:
    asked_at = timezone.now()
    tasks = fetch_whole(client, ids, most_single_calls=IDS_A_CALL)
    return record_tasks(tasks, Look(workspace, Learned.REFRESH, asked_at))
