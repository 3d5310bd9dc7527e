"""A plan carried out: a file that is whole or not there, counted and hashed before anybody gets a byte."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation

from telareview.exports.manifest import manifest_of
from telareview.exports.plan import Plan
from telareview.exports.snapshot import facts_of, snapshot
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
    target: Path | None = None,
    *,
    progress: Callable[[int], None] = lambda rows: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Spooled:
    """Write the file of a plan, in the filter's total order, all from one moment of the mirror.

    It appears under its name (a new one in the spool folder without `target`) only when it is whole. `progress` is
    told the rows written so far, `should_stop` asked, some times a second. Raises CannotExport where the list is no
    such file, Stopped, OSError and DatabaseError, and then leaves nothing behind.
    """
    folder = target.parent if target else spool_folder()
    handle, name = tempfile.mkstemp(dir=folder, prefix=".export-", suffix=".part")
    os.close(handle)
    part = Path(name)
    sink = Sink(part, progress, should_stop)
    try:
        with snapshot(), translation.override(plan.locale):
            facts = facts_of(plan.workspace)
            rows = plan.profile.write(plan, sink)
        sha256, size_bytes = sink.sha256(), part.stat().st_size
        with part.open("rb") as file:
            os.fsync(file.fileno())
        whole = target or part.with_suffix(plan.profile.suffix)
        part.replace(whole)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    manifest = manifest_of(
        plan, facts, rows=rows, size_bytes=size_bytes, sha256=sha256, over_long_cells=sink.over_long_cells
    )
    return Spooled(whole, rows, size_bytes, sha256, manifest)


def spool_folder() -> Path:
    """Where unfinished and finished exports lie; made if need be."""
    folder = Path(settings.VAR_DIR) / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
