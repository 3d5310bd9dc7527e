"""The live check: the list's own question asked of Tela, and what differs put through the mirror's door."""

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from telareview.accounts.models import Workspace
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.runs import quarantine
from telareview.tasks.api_call import api_call
from telareview.tasks.facts import facts_of
from telareview.tasks.filters import TaskFilter
from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned, Task
from telareview.tela import NotFound, TaskQuery, TaskRecord, TelaClient, TelaError

#: Tasks fetched whole in one call; the API takes 100 ids, outputs can be large.
IDS_A_CALL = 50
#: Tasks asked for one by one where the API does not answer a list of ids; more come with the next pull.
MAX_SINGLE_CALLS = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """How a live check went. `error` is None when Tela answered."""

    checked_at: dt.datetime
    #: Tasks that are new in the mirror or changed there through this check.
    fresh: frozenset[UUID] = frozenset()
    left_to_mirror: tuple[str | Promise, ...] = ()
    error: TelaError | NoKey | None = None


def check_live(workspace: Workspace, task_filter: TaskFilter, zone: ZoneInfo) -> LiveCheck:
    """Ask Tela for the page that the filter names and mirror what differs. Never raises for Tela's sake."""
    asked_at = dt.datetime.now(dt.UTC)
    offset = max(0, task_filter.page - 1) * task_filter.limit
    call = api_call(task_filter, zone, offset=offset)
    try:
        with tela_client(workspace, hurried=True) as client:
            page = client.list_tasks(call.query)
            quarantine(workspace, page.rejected, None)
            recorded = _mirror_differing(workspace, client, page.tasks, asked_at)
    except (TelaError, NoKey) as error:
        logger.warning("The live check failed: %s", error)
        return LiveCheck(asked_at, left_to_mirror=call.left_to_mirror, error=error)
    return LiveCheck(asked_at, frozenset(recorded.new + recorded.changed), call.left_to_mirror)


def _mirror_differing(
    workspace: Workspace, client: TelaClient, rows: Iterable[TaskRecord], asked_at: dt.datetime
) -> Recorded:
    """Rows that came whole are mirrored as they are; of light ones, those that differ are fetched whole first."""
    whole = [row for row in rows if row.has_payload]
    light = [row for row in rows if not row.has_payload]
    recorded = record_tasks(whole, Look(workspace, Learned.LIVE, asked_at))
    differing = _differing(workspace, light)
    for start in range(0, len(differing), IDS_A_CALL):
        ids = differing[start : start + IDS_A_CALL]
        fetched_at = dt.datetime.now(dt.UTC)
        recorded += record_tasks(_fetch(client, ids), Look(workspace, Learned.LIVE, fetched_at))
    return recorded


def _differing(workspace: Workspace, light: list[TaskRecord]) -> list[UUID]:
    """Ids of rows that the mirror lacks, or holds in another state than the light columns tell."""
    known = {
        task.task_id: task
        for task in Task.objects.of(workspace).filter(task_id__in=[row.id for row in light], gone_at=None)
    }
    return [row.id for row in light if row.id not in known or not _same(known[row.id], row)]


def _same(card: Task, row: TaskRecord) -> bool:
    facts = facts_of(row)
    return (
        card.updated_at == facts.updated_at
        and card.status == facts.status
        and card.approved_at == facts.approved_at
        and card.approved_by == facts.approved_by
        and card.name == facts.name
        and card.tags == facts.tags
        and card.edited_paths == facts.edited_paths
    )


def _fetch(client: TelaClient, ids: list[UUID]) -> list[TaskRecord]:
    """Whole tasks by id: one call, and where that does not answer what was asked, a few single ones."""
    wanted = set(ids)
    try:
        found = [task for task in client.list_tasks(TaskQuery(limit=100, ids=tuple(ids))).tasks if task.id in wanted]
    except TelaError:
        found = []
    missing = [task_id for task_id in ids if task_id not in {task.id for task in found}]
    for task_id in missing[:MAX_SINGLE_CALLS]:
        try:
            found.append(client.get_task(task_id))
        except NotFound:
            continue
    return found
