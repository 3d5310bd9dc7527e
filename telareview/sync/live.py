"""The live check: the list's own question asked of Tela, and what differs put through the mirror's door."""

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from telareview.accounts.models import Workspace
from telareview.sync.comparing import IDS_A_CALL, mirror_differing
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.error_words import spoken
from telareview.sync.runs import quarantine
from telareview.tasks.api_call import api_call
from telareview.tasks.filters import TaskFilter
from telareview.tasks.known import matching_tasks
from telareview.tasks.mirror import Recorded
from telareview.tasks.models import Learned
from telareview.tasks.paging import BrokenCursor, read_page
from telareview.tela import TaskQuery, TelaClient, TelaError

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

    @property
    def spoken_error(self) -> str:
        """The error in the reader's language; "" when Tela answered."""
        return spoken(self.error) if self.error is not None else ""


def check_live(workspace: Workspace, task_filter: TaskFilter, zone: ZoneInfo) -> LiveCheck:
    """Ask Tela for the page that the filter names and mirror what differs. Never raises for Tela's sake.

    Tasks that the mirror shows there and Tela does not are asked for by id: they may have left the list, and Tela
    orders empty cells otherwise.
    """
    asked_at = dt.datetime.now(dt.UTC)
    offset = max(0, task_filter.page - 1) * task_filter.limit
    call = api_call(task_filter, zone, offset=offset)
    try:
        with tela_client(workspace, hurried=True) as client:
            page = client.list_tasks(call.query)
            quarantine(workspace, page.rejected, None)
            recorded, _found = mirror_differing(
                workspace, client, page.tasks, Learned.LIVE, asked_at, most_single_calls=MAX_SINGLE_CALLS
            )
            answered = {task.id for task in page.tasks}
            left = [task_id for task_id in _shown(workspace, task_filter, zone) if task_id not in answered]
            recorded += _ask_by_id(workspace, client, left)
    except (TelaError, NoKey) as error:
        logger.warning("The live check failed: %s", error)
        return LiveCheck(asked_at, left_to_mirror=call.left_to_mirror, error=error)
    return LiveCheck(asked_at, frozenset(recorded.new + recorded.changed), call.left_to_mirror)


def _shown(workspace: Workspace, task_filter: TaskFilter, zone: ZoneInfo) -> list[UUID]:
    """The tasks that the mirror shows on this page."""
    if task_filter.as_of is not None:
        return []
    try:
        return [task.task_id for task in read_page(matching_tasks(workspace, task_filter, zone), task_filter).rows]
    except BrokenCursor:
        return []


def _ask_by_id(workspace: Workspace, client: TelaClient, ids: Sequence[UUID]) -> Recorded:
    recorded = Recorded()
    for start in range(0, len(ids), IDS_A_CALL):
        asked_at = dt.datetime.now(dt.UTC)
        query = TaskQuery(ids=tuple(ids[start : start + IDS_A_CALL]), exclude_input_output=True)
        page = client.list_tasks(query)
        recorded += mirror_differing(
            workspace, client, page.tasks, Learned.LIVE, asked_at, most_single_calls=MAX_SINGLE_CALLS
        )[0]
    return recorded
