"""The list now, or as it was known at a moment: one filter over the index cards of now or of then."""

from zoneinfo import ZoneInfo

from telareview.accounts.models import Workspace
from telareview.tasks.filters import TaskFilter
from telareview.tasks.models import Horizon, KnownCard, Task
from telareview.tasks.querysets import FactsQuerySet


def matching_tasks(workspace: Workspace, task_filter: TaskFilter, zone: ZoneInfo) -> FactsQuerySet:
    """The workspace's tasks that match, without order: `Task` rows, or `KnownCard` rows for `asOf`."""
    if task_filter.as_of is None:
        return Task.objects.of(workspace).matching(task_filter, zone)
    furthest = Horizon.objects.furthest(workspace, task_filter.as_of)
    return KnownCard.objects.of(workspace).known_at(task_filter.as_of, furthest).matching(task_filter, zone)
