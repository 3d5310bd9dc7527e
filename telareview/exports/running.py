"""That an export is being written, told to everybody: a lock that goes with its process, and a pulse while it lasts."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import DatabaseError, connection, connections

from telareview.exports.models import ExportRecord
from telareview.exports.refusals import Stopped

#: First key of the advisory lock of an export that is being written.
EXPORT_LOCK = 0x65787074
#: A clearing that looks at the record holds its lock for milliseconds.
LOCK_WAIT_SECONDS = 5
#: Between two notes of the progress, and the longest a cancellation takes to be seen.
PULSE_SECONDS = 0.5
#: The database may be busy; after so long the next beat tries again.
INTERRUPT_SECONDS = 5

logger = logging.getLogger(__name__)


@contextmanager
def held(record_id: int, *, wait_seconds: int = 0) -> Iterator[bool]:
    """Whether the export's lock could be had. It goes with the connection, so a killed process leaves none behind."""
    with connection.cursor() as cursor:
        has = _try_lock(cursor, record_id)
        waited = threading.Event()
        for _ in range(wait_seconds * 10):
            if has:
                break
            waited.wait(0.1)
            has = _try_lock(cursor, record_id)
    try:
        yield has
    finally:
        if has:
            # With a connection that broke the lock went by itself.
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [EXPORT_LOCK, _key(record_id)])


def _try_lock(cursor: Any, record_id: int) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [EXPORT_LOCK, _key(record_id)])
    return bool(cursor.fetchone()[0])


def _key(record_id: int) -> int:
    """The record in the 31 bits of a lock's second key."""
    return record_id % 2**31


class Pulse:
    """Notes how many rows are written, twice a second, and learns whether the export is to end.

    A thread with a connection of its own: that of the export is busy with one long statement, which is then broken off.
    Use as a context, in the thread of the export.
    """

    def __init__(self, record_id: int, should_end: Callable[[], bool] = lambda: False) -> None:
        self.record_id = record_id
        self.rows = 0
        #: Somebody has cancelled it, or data was erased.
        self.cancelled = False
        self._should_end = should_end
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"export-{record_id}", daemon=True)
        #: The driver's connection of a statement that may be broken off; the lock keeps others from being.
        self._writing: Any = None
        self._lock = threading.Lock()

    @property
    def stopped(self) -> bool:
        """Whether the export is to end: it was cancelled, or its worker is told to go."""
        return self.cancelled or self._should_end()

    def note(self, rows: int) -> None:
        """So many rows are written."""
        self.rows = rows

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Statements inside are broken off when the export is to end, be they never so slow. Raises Stopped then."""
        connection.ensure_connection()
        with self._lock:
            self._writing = connection.connection
        try:
            yield
        except DatabaseError as error:
            if self.stopped:
                raise Stopped from error
            raise
        finally:
            with self._lock:
                self._writing = None

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._done.wait(PULSE_SECONDS):
                self._tell()
                if self.stopped:
                    self._interrupt()
        finally:
            connections.close_all()

    def _tell(self) -> None:
        try:
            record = ExportRecord.objects.filter(pk=self.record_id)
            record.update(rows_done=self.rows)
            self.cancelled = self.cancelled or record.exclude(cancel_asked_at=None).exists()
        except DatabaseError:
            # The export itself will notice; here only its progress would be told.
            logger.warning("The progress of export %s could not be noted.", self.record_id, exc_info=True)
            connections.close_all()

    def _interrupt(self) -> None:
        with self._lock:
            if self._writing is None:
                return
            try:
                # Nothing happens where the statement has ended by itself.
                self._writing.cancel_safe(timeout=INTERRUPT_SECONDS)
            except psycopg.Error:
                logger.warning("The statement of export %s could not be broken off.", self.record_id, exc_info=True)
