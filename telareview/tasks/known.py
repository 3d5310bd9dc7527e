"""The list now, or as it was known at a moment: one filter over index cards or over versions."""

from zoneinfo import ZoneInfo

from telareview.accounts.models import Workspace
from telareview.tasks.filters import TaskFilter
from telareview.tasks.models import Task, TaskVersion
from telareview.tasks.querysets import FactsQuerySet


def matching_tasks(workspace: Workspace, task_filter: TaskFilter, zone: ZoneInfo) -> FactsQuerySet:
    """The workspace's tasks that match, without order: `Task` rows, or `TaskVersion` rows for `asOf`."""
    if task_filter.as_of is None:
        return Task.objects.of(workspace).matching(task_filter, zone)
    return TaskVersion.objects.of(workspace).known_at(task_filter.as_of).matching(task_filter, zone)
