"""The background job that finds out what became of changes whose outcome nobody noted."""

import datetime as dt
import logging
from uuid import UUID

from django.db import close_old_connections
from django.utils import timezone
from procrastinate.contrib.django import app

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Workspace
from telareview.review.bulk import settle_results
from telareview.review.holds import Held
from telareview.review.unsettled import close_unsent, settle_task, unsettled
from telareview.sync.connection import NoKey, tela_client
from telareview.tela import TelaClient, TelaError

#: A change is looked for no sooner; until then its own process may be about to.
LOOK_AFTER = dt.timedelta(seconds=30)
#: Tasks of one workspace that are looked at in one turn.
MOST_LOOKS = 200

logger = logging.getLogger(__name__)


@app.periodic(cron="* * * * * 29")  # seconds stand last
@app.task(name="settle_changes", queue="review", queueing_lock="settle_changes")
def settle_changes(timestamp: int) -> None:
    """Look at each task with a change that was lost, or whose process ended, and note what came of it."""
    close_old_connections()
    close_unsent()
    for workspace in Workspace.objects.exclude(api_key_encrypted=""):
        lost = unsettled(workspace).filter(sent_at__lt=timezone.now() - LOOK_AFTER).order_by("task_id")
        tasks = [task for task in lost.values_list("task_id", flat=True).distinct()[:MOST_LOOKS] if task]
        try:
            if tasks:
                with tela_client(workspace) as client:
                    _settle(client, workspace, tasks)
                settle_results(workspace, tasks)
        except (NoKey, SecretError, TelaError) as error:
            logger.warning("Lost changes of %s were not looked for to the end: %s", workspace.slug, error)


def _settle(client: TelaClient, workspace: Workspace, tasks: list[UUID]) -> None:
    for task_id in tasks:
        try:
            settle_task(client, workspace, task_id)
        except Held:
            # Somebody is writing it now, and will see.
            continue
