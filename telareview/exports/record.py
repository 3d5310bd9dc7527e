"""The log of exports: every attempt, also a failed one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from telareview.accounts.models import Person
from telareview.exports.models import ExportRecord
from telareview.exports.plan import Plan
from telareview.exports.spool import Spooled


@contextmanager
def recorded_export(plan: Plan, person: Person | None) -> Iterator[ExportRecord]:
    """A stored record that ends `failed` unless `complete(record, spooled)` was called inside."""
    record = ExportRecord.objects.create(
        workspace=plan.workspace,
        person=person,
        person_email=plan.requested_by,
        started_at=plan.requested_at,
        query=plan.task_filter.as_query(),
        profile=plan.profile.name,
        columns=[column.name for column in plan.columns],
    )
    try:
        yield record
    except BaseException as error:
        record.ended_at, record.outcome = timezone.now(), ExportRecord.Outcome.FAILED
        record.error = f"{type(error).__name__}: {error}"[:1000]
        record.save()
        raise


def complete(record: ExportRecord, spooled: Spooled) -> None:
    """Close the record with the counts and the manifest of the finished file."""
    record.ended_at, record.outcome = timezone.now(), ExportRecord.Outcome.COMPLETE
    record.rows, record.size_bytes, record.sha256 = spooled.rows, spooled.size_bytes, spooled.sha256
    record.manifest = spooled.manifest
    record.save()
