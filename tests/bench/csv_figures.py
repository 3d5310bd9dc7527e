"""The CSV of a whole mirror beside psql's, and what is wanted of it."""

import os
import shutil
import statistics
from typing import Any

from telareview.demo.binaries import find_binaries
from tests.bench.figures import Figure
from tests.bench.mirrors import Mirrors, measured, say
from tests.bench.timing import MEBIBYTE

MOST_TIMES_PSQL = 1.3
MOST_GROWTH_MIB = 60
NO_PSQL = "COPY by psycopg to the null device (no psql found)"


def figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    database = mirrors.seeded(tasks)
    psql = find_psql()
    say(f"CSV of {tasks:,} tasks beside {psql or NO_PSQL} …")
    found = measured("csv_export", psql, database=database, settings="telareview.settings")
    if len(set(found["rows"].values())) != 1 or not found["same file"]:
        raise RuntimeError(f"The files differ: {found}")
    return list(_lines(found, r"psql \copy" if psql else NO_PSQL))


def find_psql() -> str:
    """The psql beside the embedded server, else the machine's own, else ""."""
    beside = find_binaries().folder / "psql"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("psql") or ""


def _lines(found: dict[str, Any], rival: str) -> list[Figure]:
    seconds = {name: statistics.median(each) for name, each in found["seconds"].items()}
    size = f"{found['rows']['spool']:,} rows, {found['bytes'] / MEBIBYTE:,.0f} MiB"
    told = f"medians of {len(found['seconds']['psql'])} in turns"
    return [
        Figure(what=f"{rival} of the same SELECT", measured=f"{seconds['psql']:.2f} s", compared=size),
        *(
            Figure.at_most(
                f"{label}: our time to that",
                seconds[name] / seconds["psql"],
                MOST_TIMES_PSQL,
                "×",
                compared=f"{seconds[name]:.2f} s; {told}",
                digits=2,
            )
            for name, label in (("spool", "counted, hashed file"), ("http", "download of /tasks.csv"))
        ),
        *(
            Figure.at_most(f"memory growth of {label}", found["growth"][name] / MEBIBYTE, MOST_GROWTH_MIB, "MiB")
            for name, label in (("spool", "the exporting process"), ("http", "a web server's worker"))
        ),
    ]
