"""The background job that sends a batch, and the one that takes up batches whose worker was killed."""

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
from telareview.review.holds import Held, Work, unattended
from telareview.review.models import Batch
from telareview.review.sending import send_batch
from telareview.sync.connection import NoKey, writing_client
from telareview.sync.error_words import message_of
from telareview.sync.jobs import worker_starts
from telareview.tela import WriteRefused

#: A batch that runs, has not moved for so long and is held by nobody has lost its worker.
STILL_AFTER = dt.timedelta(seconds=10)

logger = logging.getLogger(__name__)


def ask_for_sending(batch: Batch) -> None:
    """Let a worker send the batch; one that waits already is enough."""
    try:
        with transaction.atomic():
            send_tasks.configure(queueing_lock=f"batch {batch.pk}").defer(batch_id=batch.pk)
    except AlreadyEnqueued:
        return


@app.task(name="send_tasks", queue="review", pass_context=True)
def send_tasks(context: JobContext, batch_id: int) -> None:
    """Send one batch, in the name of the person who asked for it, if they still may."""
    close_old_connections()
    batch = Batch.objects.select_related("workspace", "person").get(pk=batch_id)
    if batch.state != Batch.State.RUNNING:
        # A job that was killed comes again, and the batch has ended or was stopped since.
        return
    membership = Membership.objects.filter(workspace=batch.workspace, person=batch.person_id, person__is_active=True)
    if not may_write(membership.select_related("workspace").first(), "create"):
        stop_batch(batch, WriteRefused())
        return
    try:
        with writing_client(batch.workspace, hurried=False) as client:
            send_batch(batch, client, batch.person, should_stop=context.should_abort)
    except Held:
        logger.info("Batch %d is being sent already.", batch.pk)
    except (NoKey, WriteRefused, SecretError) as error:
        stop_batch(batch, error)


def stop_batch(batch: Batch, error: Exception) -> None:
    """Say why the batch does not go on; what it has done stays, and it may be taken up again."""
    batch.state, batch.error_code, batch.error = Batch.State.PAUSED, getattr(error, "code", ""), message_of(error)
    batch.save(update_fields=["state", "error_code", "error"])


@app.periodic(cron="* * * * * */10")  # seconds stand last
@app.task(name="take_up_batches", queue="review", queueing_lock="take_up_batches")
def take_up_batches(timestamp: int) -> None:
    """Announce batches that run, and that nobody sends any more."""
    close_old_connections()
    _announce(timezone.now() - STILL_AFTER)


@receiver(worker_starts, dispatch_uid="batches")
def take_up_at_once(**_kwargs: Any) -> None:
    """A worker that starts looks at once for what a killed one left."""
    _announce(timezone.now())


def _announce(still_since: dt.datetime) -> None:
    # What a command sends in nobody's name goes on with the command.
    still = Batch.objects.filter(state=Batch.State.RUNNING, person__isnull=False).exclude(moved_at__gt=still_since)
    for batch in unattended(Work.BATCH, still):
        ask_for_sending(batch)
