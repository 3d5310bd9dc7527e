"""What is done about exports every minute: files that have been kept long enough, and what killed processes left."""

import datetime as dt

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.exports.models import ExportRecord
from telareview.exports.record import end_record
from telareview.exports.running import held
from telareview.exports.stored import clear_leftovers, drop_folder, expire_files

#: An export as young as this may be about to take its lock.
YOUNG = dt.timedelta(seconds=15)
Outcome = ExportRecord.Outcome


class ProcessEnded(SystemExit):
    """Its process is gone."""


def tidy() -> None:
    """Expire files, close the records of killed processes, clear what those left in the spool."""
    expire_files()
    close_abandoned()
    clear_leftovers()


def close_abandoned() -> int:
    """Close records whose process is gone and whose job nobody will take up again; how many they were."""
    closed = 0
    for record in ExportRecord.objects.filter(ended_at=None, started_at__lt=timezone.now() - YOUNG):
        if record.cancel_asked_at is None and record.by_job and has_job(record):
            continue
        with held(record.pk) as nobody_writes:
            if nobody_writes:
                drop_folder(record.pk)
                closed += end_abandoned(record)
    return closed


def end_abandoned(record: ExportRecord) -> bool:
    """Close one whose process is gone: cancelled if that was asked for, else failed."""
    record.refresh_from_db()
    if record.cancel_asked_at is not None:
        return end_record(record, Outcome.CANCELLED)
    return end_record(record, Outcome.FAILED, ProcessEnded("the process that wrote it is gone"))


def has_job(record: ExportRecord) -> bool:
    """Whether a worker has it, or will take it up."""
    jobs = ProcrastinateJob.objects.filter(task_name="write_export", status__in=["todo", "doing"])
    return jobs.filter(args__record_id=record.pk).exists()
