"""Background jobs of exports. A killed one is taken up again by another worker, from a new moment of the mirror."""

import logging

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import F
from django.utils import timezone, translation
from procrastinate import JobContext
from procrastinate.contrib.django import app

from telareview.exports.making import make_file
from telareview.exports.models import ExportRecord
from telareview.exports.plan import Plan
from telareview.exports.record import Cancelled, closed_after, end_record
from telareview.exports.refusals import CannotExport, Stopped
from telareview.exports.running import LOCK_WAIT_SECONDS, Pulse, held
from telareview.exports.snapshot import snapshot
from telareview.exports.upkeep import end_abandoned, tidy
from telareview.tasks.known import matching_tasks

#: A worker killed so often at the same export is killed by it.
MAX_ATTEMPTS = 3
#: One export at a time in all workers: pulls have the rest of them, and a snapshot held long keeps the database from
#: clearing up.
LANE = "exports"

logger = logging.getLogger(__name__)


@app.task(name="write_export", queue="exports", lock=LANE, pass_context=True)
def write_export(context: JobContext, record_id: int) -> None:
    """Write the file of one export. Does nothing when it has ended, or while another worker is at it."""
    close_old_connections()
    try:
        with held(record_id, wait_seconds=LOCK_WAIT_SECONDS) as mine:
            record = ExportRecord.objects.filter(pk=record_id, ended_at=None).select_related("workspace").first()
            if not mine or record is None:
                return
            if record.cancel_asked_at is not None or record.attempts >= MAX_ATTEMPTS:
                end_abandoned(record)
                return
            _write(context, record)
    finally:
        # Each job may run in a thread of its own, whose connection nobody else uses.
        connection.close()


def _write(context: JobContext, record: ExportRecord) -> None:
    opened = ExportRecord.objects.filter(pk=record.pk, ended_at=None)
    opened.update(taken_up_at=timezone.now(), attempts=F("attempts") + 1, rows_done=0)
    try:
        with translation.override(record.plan.get("locale", settings.LANGUAGE_CODE)):
            plan = Plan.from_json(record.workspace, record.plan)
    except CannotExport as error:
        end_record(record, ExportRecord.Outcome.FAILED, error)
        return
    pulse = Pulse(record.pk, context.should_abort)
    try:
        with pulse:
            # A page may not take as long as to count everything that a rare filter finds; an export may.
            with closed_after(record), snapshot(), pulse.writing():
                expected = matching_tasks(record.workspace, plan.task_filter, plan.zone).order_by().count()
            opened.update(rows_expected=expected)
            make_file(
                record,
                plan,
                kept=True,
                progress=pulse.note,
                should_stop=lambda: pulse.stopped,
                writing=pulse.writing,
            )
    except Stopped:
        if pulse.cancelled:
            end_record(record, ExportRecord.Outcome.CANCELLED)
        else:
            # The worker is to end: the next one begins anew, and this does not count as an attempt.
            opened.update(taken_up_at=None, attempts=F("attempts") - 1, rows_done=0)
            ask_for_file(record.pk)
    except (Cancelled, CannotExport, OSError) as error:
        logger.warning("Export %s was not made: %s", record.pk, error or type(error).__name__)


def ask_for_file(record_id: int) -> None:
    """Put an export into the queue; a worker takes it up within a second."""
    write_export.defer(record_id=record_id)


@app.periodic(cron="* * * * *")
@app.task(name="tidy_exports", queue="upkeep", queueing_lock="tidy_exports")
def tidy_exports(timestamp: int) -> None:
    """Files whose time is over go, and so does what killed processes left."""
    close_old_connections()
    tidy()
