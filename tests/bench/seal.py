"""Sealing beside the pull that brings the records, and the verification of a large history, offline.

The sandbox answers at once in the pull that is compared: against a far API sealing weighs less.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure
from tests.bench.mirrors import FOLDER, ROOT, Mirrors, environment, measured, say
from tests.bench.pull import pull, sandbox
from tests.bench.timing import MEBIBYTE

MOST_SECONDS_OFFLINE = 60
MOST_SHARE_OF_PULL = 10
CORES = 2
#: Tasks of the pull that sealing is compared with.
PULLED = 50_000
CONNECTIONS = 4
DATABASE, PULLED_DATABASE = "sealed", "pulled_for_seals"
RECORD = FOLDER / "record"


def figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    try:
        return [*_beside_a_pull(mirrors, min(tasks, PULLED)), *_large(mirrors, tasks)]
    finally:
        shutil.rmtree(RECORD, ignore_errors=True)
        mirrors.drop(DATABASE)
        mirrors.drop(PULLED_DATABASE)


def _beside_a_pull(mirrors: Mirrors, tasks: int) -> list[Figure]:
    say(f"Pulling {tasks:,} tasks, and sealing them …")
    database = mirrors.fresh(PULLED_DATABASE)
    with sandbox(tasks, 0) as address:
        pulled = pull(database, address, CONNECTIONS).said
    sealed = measured("sealing", database=database, settings="telareview.settings")
    if sealed["leaves"] != tasks:
        raise RuntimeError(f"{tasks} versions were to be sealed; the sealer says {sealed}.")
    told = (
        f"{sealed['seconds']:.1f} s for {tasks:,} versions ({1e6 * sealed['seconds'] / tasks:.0f} µs each) beside "
        f"{pulled['seconds']:.1f} s of pull, {tasks / pulled['seconds']:,.0f} tasks/s"
    )
    share = 100 * sealed["seconds"] / pulled["seconds"]
    minute = Figure(what="a look for news that finds none", measured=f"{1000 * sealed['idle_seconds']:.1f} ms")
    return [Figure.at_most("sealing, of the pull's time", share, MOST_SHARE_OF_PULL, "%", compared=told), minute]


def _large(mirrors: Mirrors, tasks: int) -> list[Figure]:
    mirrors.seeded(tasks)
    database = mirrors.copy(f"seeded_{tasks}", DATABASE)
    say(f"Sealing {tasks:,} versions …")
    sealing, _said = _timed(database, "manage.py", "seal_history")
    say("Writing the record …")
    shutil.rmtree(RECORD, ignore_errors=True)
    writing, _said = _timed(database, "manage.py", "export_history", "--output", RECORD)
    say("Verifying it …")
    offline, said = _timed(database, RECORD / "verifier.py", "history", RECORD, "--processes", CORES)
    told = re.search(r"(\d+) leaves, (\d+) checkpoints, (\d+) payloads", said)
    if not told or int(told[1]) < tasks or "\nVERIFIED.\n" not in said:
        raise RuntimeError(f"The record was not verified: {said}")
    here, said = _timed(database, "manage.py", "verify_history", "--json")
    if not json.loads(said.splitlines()[-1])["whole"]:
        raise RuntimeError(f"The history was not verified: {said}")
    size = sum(path.stat().st_size for path in RECORD.iterdir())
    return [
        Figure.at_most(
            f"verified offline, {CORES} processes",
            offline,
            MOST_SECONDS_OFFLINE,
            "s",
            compared=f"{int(told[1]):,} leaves, {int(told[3]):,} payloads, {int(told[2]):,} checkpoints; "
            f"{size / MEBIBYTE:,.0f} MiB",
        ),
        _plain("first seal of it all", sealing, tasks),
        _plain("the record written", writing, tasks),
        _plain("verify_history", here, tasks),
    ]


def _plain(what: str, seconds: float, tasks: int) -> Figure:
    return Figure(what=what, measured=f"{seconds:.1f} s", compared=f"{1e6 * seconds / tasks:.0f} µs a version")


def _timed(database: str, *words: Any) -> tuple[float, str]:
    """Seconds and output of one program. Raises RuntimeError where it fails."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *map(str, words)], cwd=ROOT, env=environment(database), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{Path(str(words[0])).name} failed: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return time.monotonic() - began, done.stdout
