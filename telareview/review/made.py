"""What Tela made of a batch's rows: noted on them, and in the mirror at once."""

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from telareview.review.models import Batch, BatchRow
from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Learned
from telareview.tela import TaskRecord


def keep_created(
    batch: Batch,
    rows: Sequence[BatchRow],
    records: Sequence[TaskRecord],
    asked_at: dt.datetime,
) -> None:
    """The confirmed creation of these rows. A row whose task does not stand in the answer counts as lost."""
    made = _by_marker(rows, records)
    kept = [(row.pk, made[row.marker]) for row in rows if row.marker in made]
    with transaction.atomic(), connection.cursor() as cursor:
        mirror_created(batch, records, asked_at)
        batch.rows.filter(pk__in=[row.pk for row in rows]).update(state=BatchRow.State.LOST)
        cursor.execute(
            "UPDATE review_batchrow AS it SET state = 'created', error_code = '', error = '', "
            "task_id = made.task_id, reference = made.reference "
            "FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[]) AS made (id, task_id, reference) "
            "WHERE it.id = made.id",
            [
                [pk for pk, _record in kept],
                [record.id for _pk, record in kept],
                [record.reference for _pk, record in kept],
            ],
        )


def note_created(row: BatchRow, record: TaskRecord | None) -> None:
    """To be saved by the caller."""
    if record is None:
        row.state = BatchRow.State.LOST
        return
    row.state, row.task_id, row.reference = BatchRow.State.CREATED, record.id, record.reference
    row.error_code, row.error = "", ""


def mirror_created(batch: Batch, records: Sequence[TaskRecord], asked_at: dt.datetime | None = None) -> None:
    """Put whole tasks through the mirror's door; light ones are left to the next pull."""
    whole = [record for record in records if record.has_payload]
    record_tasks(whole, Look(batch.workspace, Learned.ACTION, asked_at or timezone.now()))


def save_rows(rows: Sequence[BatchRow]) -> None:
    fields = ["state", "task_id", "answered_id", "reference", "looks", "error_code", "error"]
    with transaction.atomic():
        BatchRow.objects.bulk_update(rows, fields)


def _by_marker(rows: Sequence[BatchRow], records: Sequence[TaskRecord]) -> dict[str, TaskRecord]:
    """By the marks in the answer; where Tela shows no tags at all, by its order."""
    marked = {tag: record for record in records for tag in record.tags}
    if not any(record.tags for record in records) and len(records) == len(rows):
        return {row.marker: record for row, record in zip(rows, records, strict=True)}
    return marked
