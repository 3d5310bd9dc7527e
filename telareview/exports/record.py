"""The log of exports: every attempt, also a failed one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.utils import timezone

from telareview.accounts.models import Person, Workspace
from telareview.exports.columns import Column
from telareview.exports.models import ExportRecord
from telareview.exports.spool import Spooled
from telareview.tasks.filters import TaskFilter


@contextmanager
def recorded_export(
    workspace: Workspace, person: Person | None, task_filter: TaskFilter, columns: Sequence[Column], profile: str
) -> Iterator[ExportRecord]:
    """A stored record that ends `failed` unless `complete(record, spooled)` was called inside."""
    record = ExportRecord.objects.create(
        workspace=workspace,
        person=person,
        person_email=person.email if person else "",
        started_at=timezone.now(),
        query=task_filter.as_query(),
        profile=profile,
        columns=[column.name for column in columns],
    )
    try:
        yield record
    except BaseException as error:
        record.ended_at, record.outcome = timezone.now(), ExportRecord.Outcome.FAILED
        record.error = f"{type(error).__name__}: {error}"[:1000]
        record.save()
        raise


def complete(record: ExportRecord, spooled: Spooled) -> None:
    """Close the record with the counts of the finished file."""
    record.ended_at, record.outcome = timezone.now(), ExportRecord.Outcome.COMPLETE
    record.rows, record.size_bytes, record.sha256 = spooled.rows, spooled.size_bytes, spooled.sha256
    record.save()
