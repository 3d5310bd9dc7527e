"""One export from its record to its end: a file in the record's own folder, whole or not there."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

from telareview.accounts.models import Person
from telareview.exports.models import ExportRecord
from telareview.exports.plan import Plan
from telareview.exports.record import begun_record, closed_after, complete
from telareview.exports.space import demand_space
from telareview.exports.spool import Spooled, spool
from telareview.exports.stored import drop_folder, fresh_folder

#: Between two looks at the space that is left, while a file grows.
LOOK_SECONDS = 0.5


def make_file(
    record: ExportRecord,
    plan: Plan,
    *,
    kept: bool,
    progress: Callable[[int], None] = lambda rows: None,
    should_stop: Callable[[], bool] = lambda: False,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Spooled:
    """Write the file and close the record, whatever happens. To be called under `running.held`; options as of `spool`.

    `kept` files can be fetched for EXPORT_KEEP_HOURS; of others the caller drops the folder. Raises what `spool`
    raises, NoSpace and Cancelled; then nothing is left of the file. Stopped leaves the record open.
    """
    looked = time.monotonic()

    def passed(rows: int) -> None:
        nonlocal looked
        progress(rows)
        if time.monotonic() - looked > LOOK_SECONDS:
            demand_space()
            looked = time.monotonic()

    with closed_after(record):
        try:
            demand_space()
            target = fresh_folder(record.pk) / file_name(plan)
            spooled = spool(plan, target, progress=passed, should_stop=should_stop, writing=writing)
            complete(record, spooled, kept=kept)
        except BaseException:
            drop_folder(record.pk)
            raise
    return spooled


def make_at_once(plan: Plan, person: Person, *, kept: bool) -> tuple[ExportRecord, BinaryIO]:
    """Record, write and open the file within a request. Raises as `make_file`.

    Of a file that is not `kept` only the open one is left: it stays readable, and needs no cleaning up.
    """
    with begun_record(plan, person) as record:
        spooled = make_file(record, plan, kept=kept)
        file = spooled.path.open("rb")
        if not kept:
            drop_folder(record.pk)
    return record, file


def file_name(plan: Plan) -> str:
    """Of time alone, for a filter may name people."""
    moment = plan.requested_at.astimezone(plan.zone)
    return f"tasks-{moment:%Y-%m-%d-%H%M%S}{plan.profile.suffix}"
