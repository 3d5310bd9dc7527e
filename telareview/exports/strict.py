"""A filter for a file: read to the letter or refused, because a wrong file is worse than none."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.timezone import get_current_timezone

from telareview.accounts.models import Workspace
from telareview.exports.refusals import BrokenFilter
from telareview.tasks.filters import Reader, TaskFilter
from telareview.tasks.models import Task
from telareview.tasks.parameters import MultiDict, parse


@dataclass(frozen=True, slots=True)
class Asked:
    task_filter: TaskFilter
    zone: ZoneInfo


def read_strictly(query: MultiDict, workspace: Workspace, zone: ZoneInfo | None = None) -> Asked:
    """The filter of a query string. Raises BrokenFilter where a page would leave something out."""
    zone = zone or get_current_timezone()
    statuses = frozenset(Task.objects.all().distinct_values("status", workspace))
    task_filter, problems = parse(query, Reader(zone, statuses, now=timezone.now()))
    if problems:
        raise BrokenFilter(*map(str, problems))
    return Asked(task_filter, zone)
