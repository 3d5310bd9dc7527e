"""A plan carried out: a file that is whole or not there, counted and hashed before anybody gets a byte."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation

from telareview.exports.manifest import manifest_of
from telareview.exports.plan import Plan
from telareview.exports.snapshot import facts_of, snapshot
from telareview.exports.unfinished import clear_unfinished, workplace
from telareview.exports.writing import Sink


@dataclass(frozen=True, slots=True)
class Spooled:
    """A finished file."""

    path: Path
    rows: int
    size_bytes: int
    sha256: str
    #: Ready for JSON; `manifest.manifest_text` makes the text that lies beside the file.
    manifest: dict[str, Any]


def spool(
    plan: Plan,
    target: Path,
    *,
    progress: Callable[[int], None] = lambda rows: None,
    should_stop: Callable[[], bool] = lambda: False,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Spooled:
    """Write the file of a plan, in the filter's total order, all from one moment of the mirror.

    It appears as `target` only when it is whole. `progress` is told the rows written so far, `should_stop` asked,
    before the first and then some times a second; `writing` stands around everything that may take long. Raises
    CannotExport where the list is no such file, Stopped, OSError and DatabaseError, and then leaves nothing behind;
    what a killed process left beside `target` goes, too.
    """
    clear_unfinished(target.parent)
    with workplace(target.parent) as folder:
        part = folder / target.name
        part.touch(mode=0o600)
        sink = Sink(part, progress, should_stop)
        with snapshot(), translation.override(plan.locale), writing():
            facts = facts_of(plan.workspace)
            sink.passed(0)
            rows = plan.profile.write(plan, sink)
        sha256, size_bytes = sink.sha256(), part.stat().st_size
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    manifest = manifest_of(
        plan, facts, rows=rows, size_bytes=size_bytes, sha256=sha256, over_long_cells=sink.over_long_cells
    )
    return Spooled(target, rows, size_bytes, sha256, manifest)


def spool_folder() -> Path:
    """Where unfinished and finished exports lie; made if need be."""
    folder = Path(settings.VAR_DIR) / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
