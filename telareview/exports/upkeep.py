"""What is done about exports every minute and before a worker begins: files whose time is over, killed processes."""

import logging
from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.exports.models import ExportRecord
from telareview.exports.record import end_record
from telareview.exports.running import held
from telareview.exports.stored import clear_leftovers, drop_folder, expire_files
from telareview.sync.jobs import worker_starts

Outcome = ExportRecord.Outcome

logger = logging.getLogger(__name__)


class ProcessEnded(SystemExit):
    """Its process is gone."""


def tidy() -> None:
    """Expire files, close or take up again what killed processes were writing, clear what those left in the spool."""
    expire_files()
    close_abandoned()
    clear_leftovers()


@receiver(worker_starts, dispatch_uid="exports")
def tidy_first(**_kwargs: Any) -> None:
    """A worker that is started again after a kill finds everything in order."""
    try:
        tidy()
    except OSError:
        # No reason not to work; the turn of the minute tells it again.
        logger.exception("What killed exports have left could not be cleared.")


def close_abandoned() -> int:
    """Close records whose process is gone and whose job nobody will take up; how many they were.

    A job whose worker was killed in the middle of its file is put into the queue again.
    """
    closed = 0
    for record in ExportRecord.objects.filter(ended_at=None):
        with held(record.pk) as nobody_writes:
            if nobody_writes:
                closed += _settled(record)
    return closed


def _settled(record: ExportRecord) -> bool:
    """Whether one that nobody is writing is closed now. To be called under its lock."""
    record.refresh_from_db()
    if record.ended_at is not None:
        return False
    jobs = ProcrastinateJob.objects.filter(task_name="write_export", args__record_id=record.pk)
    statuses = dict(jobs.filter(status__in=["todo", "doing"]).values_list("pk", "status"))
    if record.by_job and record.cancel_asked_at is None and statuses:
        # It was taken up, and the lock is free all the same. One that is only about to be taken up is left alone.
        if record.taken_up_at is not None:
            for job, status in statuses.items():
                if status == "doing":
                    app.job_manager.retry_job_by_id(job, timezone.now())
        return False
    drop_folder(record.pk)
    return end_abandoned(record)


def end_abandoned(record: ExportRecord) -> bool:
    """Close one whose process is gone: cancelled if that was asked for, else failed."""
    record.refresh_from_db()
    if record.cancel_asked_at is not None:
        return end_record(record, Outcome.CANCELLED)
    return end_record(record, Outcome.FAILED, ProcessEnded("the process that wrote it is gone"))
