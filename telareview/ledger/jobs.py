"""The worker's part of the seal: once a minute, and after a pull that brought news."""

import logging

from django.db import close_old_connections, transaction
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from telareview.accounts.encryption import UnreadableSecret
from telareview.ledger.sealing import SealError, seal
from telareview.ledger.sending import send_checkpoints

#: Once an hour the sealer looks at every record, not only at the latest.
THOROUGH_EVERY_SECONDS = 60 * 60

logger = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="seal_every_minute", queue="upkeep", queueing_lock="seal_every_minute", pass_context=True)
def seal_every_minute(context: JobContext, timestamp: int) -> None:
    """Seal what is new, then send the checkpoints out."""
    _seal_and_send(context, thorough=timestamp % THOROUGH_EVERY_SECONDS < 60)


@app.task(name="seal_news", queue="upkeep", queueing_lock="seal_news", pass_context=True)
def seal_news(context: JobContext) -> None:
    """The same, at once."""
    _seal_and_send(context, thorough=False)


def ask_for_seal() -> None:
    """Let the worker seal what has just been written; to be called after the transaction that wrote it."""
    try:
        with transaction.atomic():
            seal_news.defer()
    except AlreadyEnqueued:
        # The one that waits takes these in as well.
        return


def _seal_and_send(context: JobContext, *, thorough: bool) -> None:
    close_old_connections()
    try:
        seal(thorough=thorough, should_stop=context.should_abort)
    except (SealError, UnreadableSecret) as error:
        logger.error("Not everything was sealed: %s", error)
    send_checkpoints()
