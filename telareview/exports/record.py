"""The log of exports: every attempt, from its beginning to an outcome, whatever happens in between."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from telareview.accounts.models import Person
from telareview.exports.models import ExportRecord
from telareview.exports.plan import Plan
from telareview.exports.refusals import Stopped
from telareview.exports.running import held
from telareview.exports.spool import Spooled
from telareview.exports.stored import keep_until
from telareview.exports.trouble import said_of, trouble_of

Outcome = ExportRecord.Outcome

logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """The export was cancelled, or data was erased while it was written."""


def open_record(plan: Plan, person: Person | None, *, by_job: bool = False) -> ExportRecord:
    """The line of an export that begins, or that waits for a worker."""
    return ExportRecord.objects.create(
        workspace=plan.workspace,
        person=person,
        person_email=plan.requested_by,
        started_at=plan.requested_at,
        query=plan.task_filter.as_query(),
        profile=plan.profile.name,
        columns=[column.name for column in plan.columns],
        plan=plan.as_json(),
        by_job=by_job,
    )


@contextmanager
def recorded_export(plan: Plan, person: Person | None) -> Iterator[ExportRecord]:
    """A stored record that ends `failed` unless `complete(record, spooled)` was called inside."""
    with begun_record(plan, person) as record, closed_after(record):
        yield record


@contextmanager
def begun_record(plan: Plan, person: Person | None) -> Iterator[ExportRecord]:
    """A stored record that is written at once. Others never see it without its lock, unless its process was killed."""
    with ExitStack() as stack:
        with transaction.atomic(savepoint=False):
            record = open_record(plan, person)
            stack.enter_context(held(record.pk))
        yield record


@contextmanager
def closed_after(record: ExportRecord) -> Iterator[None]:
    """An error that comes out of it closes the record: `cancelled`, or `failed` with its reason. Stopped does not.

    A database that is gone cannot be told: such a record is closed by `upkeep`.
    """
    try:
        yield
    except Stopped:
        raise
    except Cancelled:
        end_record(record, Outcome.CANCELLED)
        raise
    except BaseException as error:
        if not connection.in_atomic_block:
            # After the connection broke a new one may be had.
            connection.close_if_unusable_or_obsolete()
        try:
            end_record(record, Outcome.FAILED, error)
        except DatabaseError:
            logger.exception("That export %s failed could not be noted; the next upkeep does it.", record.pk)
        raise


def complete(record: ExportRecord, spooled: Spooled, *, kept: bool = False) -> None:
    """Close the record with the counts and the manifest of the finished file, in one statement.

    A file that is `kept` can be fetched from now on. Raises Cancelled when that was asked for in the meantime.
    """
    now = timezone.now()
    told = {
        "ended_at": now,
        "outcome": Outcome.COMPLETE,
        "rows": spooled.rows,
        "rows_done": spooled.rows,
        "size_bytes": spooled.size_bytes,
        "sha256": spooled.sha256,
        "manifest": spooled.manifest,
        "file_name": spooled.path.name,
        "kept_until": keep_until(now) if kept else None,
    }
    if not ExportRecord.objects.filter(pk=record.pk, ended_at=None, cancel_asked_at=None).update(**told):
        raise Cancelled
    for name, value in told.items():
        setattr(record, name, value)


def end_record(record: ExportRecord, outcome: ExportRecord.Outcome, error: BaseException | None = None) -> bool:
    """Close a record that is still open, without a file; False when it was closed before."""
    return bool(
        ExportRecord.objects.filter(pk=record.pk, ended_at=None).update(
            ended_at=timezone.now(),
            outcome=outcome,
            trouble=trouble_of(error) if error else "",
            error=said_of(error) if error else "",
        )
    )


def cancel(record: ExportRecord, by: str) -> None:
    """Ask a running export to end within a second; one that waits for a worker ends at once."""
    is_open = ExportRecord.objects.filter(pk=record.pk, ended_at=None)
    is_open.filter(cancel_asked_at=None).update(cancel_asked_at=timezone.now(), cancelled_by=by)
    is_open.filter(by_job=True, taken_up_at=None).update(ended_at=timezone.now(), outcome=Outcome.CANCELLED)
