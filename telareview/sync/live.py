"""The live check: the list's own question asked of Tela, and what differs put through the mirror's door."""

import datetime as dt
import logging
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from telareview.accounts.models import Workspace
from telareview.sync.comparing import mirror_differing
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.error_words import spoken
from telareview.sync.runs import quarantine
from telareview.tasks.api_call import api_call
from telareview.tasks.filters import TaskFilter
from telareview.tasks.models import Learned
from telareview.tela import TelaError

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
    """Ask Tela for the page that the filter names and mirror what differs. Never raises for Tela's sake."""
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
    except (TelaError, NoKey) as error:
        logger.warning("The live check failed: %s", error)
        return LiveCheck(asked_at, left_to_mirror=call.left_to_mirror, error=error)
    return LiveCheck(asked_at, frozenset(recorded.new + recorded.changed), call.left_to_mirror)
