"""The background job that approves a selection, and the one that takes up selections whose worker was killed."""

import datetime as dt
import logging
from typing import Any

from django.db import close_old_connections, transaction
from django.dispatch import receiver
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Membership
from telareview.accounts.writing import may_write
from telareview.review.bulk import carry_on
from telareview.review.holds import Held, Work, unattended
from telareview.review.models import BulkReview
from telareview.sync.connection import NoKey, writing_client
from telareview.sync.jobs import worker_starts
from telareview.tela import WriteRefused

#: Beside the codes of errors: the person lost the right meanwhile; a command ended before its end.
MAY_NO_LONGER, STOPPED = "may_no_longer", "stopped"
#: Time between writing a selection down and beginning with it, in the same process or in a worker.
BEGINS_WITHIN = dt.timedelta(seconds=10)

logger = logging.getLogger(__name__)


def ask_for_approvals(bulk: BulkReview) -> None:
    """Let a worker go through the selection; one that waits already is enough."""
    try:
        with transaction.atomic():
            approve_bulk.configure(queueing_lock=f"bulk {bulk.pk}").defer(bulk_id=bulk.pk)
    except AlreadyEnqueued:
        return


@app.task(name="approve_bulk", queue="review", pass_context=True)
def approve_bulk(context: JobContext, bulk_id: int) -> None:
    """Approve one selection, in the name of the person who asked for it, if they still may."""
    close_old_connections()
    bulk = BulkReview.objects.select_related("workspace", "person").get(pk=bulk_id)
    if bulk.ended_at is not None:
        return
    membership = Membership.objects.filter(workspace=bulk.workspace, person=bulk.person_id, person__is_active=True)
    try:
        if bulk.person is None or not may_write(membership.select_related("workspace").first(), "approve"):
            BulkReview.objects.filter(pk=bulk.pk).update(trouble=MAY_NO_LONGER)
            return
        with writing_client(bulk.workspace) as client:
            BulkReview.objects.filter(pk=bulk.pk).update(trouble="")
            carry_on(bulk, client, bulk.person, should_stop=context.should_abort)
    except Held:
        logger.info("Bulk approval %d is being carried out already.", bulk.pk)
    except (NoKey, WriteRefused, SecretError) as error:
        BulkReview.objects.filter(pk=bulk.pk).update(trouble=getattr(error, "code", "unreadable_secret"))


@app.periodic(cron="* * * * * */10")  # seconds stand last
@app.task(name="take_up_bulks", queue="review", queueing_lock="take_up_bulks")
def take_up_bulks(timestamp: int) -> None:
    """Announce selections that are not at their end, and that nobody goes through any more."""
    close_old_connections()
    _announce(timezone.now() - BEGINS_WITHIN)


@receiver(worker_starts, dispatch_uid="bulks")
def take_up_at_once(**_kwargs: Any) -> None:
    """A worker that starts looks at once for what a killed one left."""
    _announce(timezone.now())


def _announce(asked_before: dt.datetime) -> None:
    begun = BulkReview.objects.filter(ended_at=None, trouble="", asked_at__lt=asked_before)
    for bulk in unattended(Work.BULK, begun):
        ask_for_approvals(bulk)
