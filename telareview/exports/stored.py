"""The files of exports: where they lie, how long, and how they go.

Whoever erases data calls `forget_files(workspace)`: it takes away every stored file of the workspace, which may hold
the erased task, and ends exports that are being written from a moment before the erasure. Within a transaction the
files go when it commits.
"""

import datetime as dt
import logging
import os
import shutil
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.exports.models import ExportRecord
from telareview.exports.running import held
from telareview.exports.spool import spool_folder

#: What lies in the spool under no record's number, such as a file of an earlier release, goes after so long.
STRAY_SECONDS = 60 * 60

logger = logging.getLogger(__name__)


def folder_of(record_id: int) -> Path:
    """The export's own folder; what was unfinished and what is finished lie in it."""
    return spool_folder() / str(record_id)


def fresh_folder(record_id: int) -> Path:
    """The export's folder, made anew and empty."""
    drop_folder(record_id)
    folder = folder_of(record_id)
    folder.mkdir(mode=0o700)
    return folder


def drop_folder(record_id: int) -> None:
    """Take the export's folder away with all that is in it. An open file stays readable to who has it open."""
    shutil.rmtree(folder_of(record_id), ignore_errors=True)


def path_of(record: ExportRecord) -> Path:
    """Where the file of a complete export lies, if it is kept."""
    return folder_of(record.pk) / record.file_name


def open_file(record: ExportRecord) -> BinaryIO | None:
    """The kept file, open; None when it is not there, or not of its size, which is then noted."""
    try:
        file = path_of(record).open("rb")
    except FileNotFoundError:
        file = None
    if file is not None and os.fstat(file.fileno()).st_size == record.size_bytes:
        return file
    if file is not None:
        file.close()
    logger.error("The file of export %s is lost.", record.pk)
    remove_file(record, ExportRecord.Removal.LOST)
    return None


def keep_until(now: dt.datetime) -> dt.datetime:
    """Until when a file that is finished now can be fetched."""
    return now + dt.timedelta(hours=settings.EXPORT_KEEP_HOURS)


def remove_file(record: ExportRecord, removal: ExportRecord.Removal) -> bool:
    """Take one kept file away and note why; False when it had gone before. The record stays in the log."""
    return bool(_remove([record.pk], removal))


def forget_files(workspace: Workspace) -> int:
    """Take away every stored file of the workspace because data was erased; how many there were. See above."""
    now = timezone.now()
    with transaction.atomic():
        running = ExportRecord.objects.filter(workspace=workspace, ended_at=None, cancel_asked_at=None)
        running.update(cancel_asked_at=now)
        kept = ExportRecord.objects.filter(workspace=workspace, kept_until__isnull=False, removed_at=None)
        return _remove(list(kept.values_list("pk", flat=True)), ExportRecord.Removal.ERASED)


def expire_files() -> int:
    """Take away what has been kept long enough; how many there were."""
    over = ExportRecord.objects.filter(removed_at=None, kept_until__lte=timezone.now())
    return _remove(list(over.values_list("pk", flat=True)), ExportRecord.Removal.EXPIRED)


def clear_leftovers() -> int:
    """Take away what no living export needs: files of processes that were killed. How many folders there were."""
    gone = 0
    for entry in list(spool_folder().iterdir()):
        if entry.name.isascii() and entry.name.isdecimal():
            gone += _clear(int(entry.name))
        elif timezone.now().timestamp() - entry.lstat().st_mtime > STRAY_SECONDS:
            entry.unlink() if entry.is_file() else shutil.rmtree(entry, ignore_errors=True)
            gone += 1
    return gone


def _clear(record_id: int) -> bool:
    """One folder; under the lock of its export, so that nobody is writing into it."""
    with held(record_id) as nobody_writes:
        if not nobody_writes or _is_kept(record_id):
            return False
        drop_folder(record_id)
    logger.warning("What an export left behind was cleared: %s.", record_id)
    return True


def _is_kept(record_id: int) -> bool:
    return ExportRecord.objects.filter(pk=record_id, kept_until__isnull=False, removed_at=None).exists()


def _remove(record_ids: list[int], removal: ExportRecord.Removal) -> int:
    records = ExportRecord.objects.filter(pk__in=record_ids, removed_at=None)
    count = records.update(removed_at=timezone.now(), removal=removal)

    def drop() -> None:
        for record_id in record_ids:
            drop_folder(record_id)

    transaction.on_commit(drop)
    return count
