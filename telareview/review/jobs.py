"""The background job that sends a batch, and the one that takes up batches whose worker was killed."""

import datetime as dt
import logging

from django.db import close_old_connections, transaction
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Membership
from telareview.accounts.writing import may_write
from telareview.review.models import Batch
from telareview.review.sending import BatchIsRunning, send_batch
from telareview.sync.connection import NoKey, writing_client
from telareview.tela import WriteRefused

#: A batch that runs and has not moved for so long has lost its worker, or waits for Tela: both may be looked at again.
STILL_AFTER = dt.timedelta(seconds=90)

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
    membership = Membership.objects.filter(workspace=batch.workspace, person=batch.person_id, person__is_active=True)
    if not may_write(membership.select_related("workspace").first(), "create"):
        stop_batch(batch, WriteRefused())
        return
    try:
        with writing_client(batch.workspace, hurried=False) as client:
            send_batch(batch, client, batch.person, should_stop=context.should_abort)
    except BatchIsRunning:
        logger.info("Batch %d is being sent already.", batch.pk)
    except (NoKey, WriteRefused, SecretError) as error:
        stop_batch(batch, error)


def stop_batch(batch: Batch, error: Exception) -> None:
    """Say why the batch does not go on; what it has done stays, and it may be taken up again."""
    batch.state, batch.error_code, batch.error = Batch.State.PAUSED, getattr(error, "code", ""), str(error)
    batch.save(update_fields=["state", "error_code", "error"])


@app.periodic(cron="* * * * *")
@app.task(name="take_up_batches", queue="review", queueing_lock="take_up_batches")
def take_up_batches(timestamp: int) -> None:
    """Announce batches that run and stand still."""
    close_old_connections()
    for batch in Batch.objects.filter(state=Batch.State.RUNNING, moved_at__lt=timezone.now() - STILL_AFTER):
        ask_for_sending(batch)
