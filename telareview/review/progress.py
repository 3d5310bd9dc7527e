"""How far a batch is, and what became of each of its rows."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count

from telareview.review.models import Batch, BatchRow
from telareview.review.problems import sentence
from telareview.sync.error_words import in_readers_language

State = BatchRow.State
#: Rows with something to say are shown up to here; the report has all.
ROWS_SHOWN = 100
ENDED = (State.CREATED, State.REFUSED, State.UNKNOWN, State.GIVEN_UP)
REPORT_COLUMNS = ("line", "name", "outcome", "taskId", "reference", "error")


@dataclass(frozen=True, slots=True)
class ToldRow:
    row: BatchRow
    sentences: tuple[str, ...]


class Progress:
    """The numbers of a batch. One statement."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        counted = batch.rows.order_by().values_list("state").annotate(Count("pk"))
        self.by_state: dict[str, int] = dict(counted)

    def of(self, *states: str) -> int:
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def invalid(self) -> int:
        return self.of(State.INVALID)

    @property
    def to_send(self) -> int:
        """Rows that can be, or were to be, sent."""
        return sum(self.by_state.values()) - self.invalid

    @property
    def ended(self) -> int:
        return self.of(*ENDED)

    @property
    def created(self) -> int:
        return self.of(State.CREATED)

    @property
    def lost(self) -> int:
        return self.of(State.LOST)

    @property
    def failed(self) -> int:
        """Rows that ended without a task."""
        return self.ended - self.created

    @property
    def percent(self) -> int:
        return self.ended * 100 // self.to_send if self.to_send else 0

    @property
    def is_whole(self) -> bool:
        """Every row, the unsendable ones included, has become a task."""
        return self.created == sum(self.by_state.values())


def told_rows(batch: Batch) -> list[ToldRow]:
    """The first rows that have a problem; in a batch without any the first rows at all."""
    troubled = batch.rows.exclude(state__in=[State.CREATED, State.WAITING, State.SENDING]).order_by("number")
    rows = list(troubled[:ROWS_SHOWN]) or list(batch.rows.order_by("number")[:ROWS_SHOWN])
    return [ToldRow(row, _sentences(row)) for row in rows]


def report(batch: Batch) -> Iterator[str]:
    """The batch as CSV, line by line: what became of each row, in words of ours (outcome) and Tela's (error)."""
    yield _line(REPORT_COLUMNS)
    for row in batch.rows.order_by("number").iterator(chunk_size=1_000):
        told = " ".join(_sentences(row))
        reference = "" if row.reference is None else row.reference
        yield _line((row.number, row.name, row.state, row.task_id or "", reference, told))


def _sentences(row: BatchRow) -> tuple[str, ...]:
    told = [sentence(each) for each in row.problems]
    if row.error and row.state != State.CREATED:
        told.append(in_readers_language(row.error_code, row.error))
    return tuple(told)


def _line(cells: tuple[object, ...]) -> str:
    """RFC 4180. A name that a spreadsheet would run is kept from it."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return written.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "@", "+", "-", "\t", "\r")) else cell
