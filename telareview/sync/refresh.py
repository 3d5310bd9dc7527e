"""One task fetched again."""

import datetime as dt
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.sync.connection import tela_client
from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Learned
from telareview.tela import NotFound


class TaskIsGone(Exception):
    """Tela no longer serves this task (404). The mirror keeps what it knew."""

    code = "task_is_gone"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


def refresh_task(workspace: Workspace, task_id: UUID) -> bool:
    """Fetch one task and mirror it; True when that brought a new state. Raises TelaError, NoKey, TaskIsGone."""
    asked_at = dt.datetime.now(dt.UTC)
    with tela_client(workspace, hurried=True) as client:
        try:
            record = client.get_task(task_id)
        except NotFound as error:
            raise TaskIsGone from error
    recorded = record_tasks([record], Look(workspace, Learned.REFRESH, asked_at))
    return bool(recorded.new or recorded.changed)
