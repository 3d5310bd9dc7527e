"""The kinds of file of a whole mirror beside psql's copy, and what is wanted of each."""

import statistics
from typing import Any

from tests.bench.csv_figures import NO_PSQL, find_psql
from tests.bench.figures import Figure
from tests.bench.mirrors import Mirrors, measured, say
from tests.bench.timing import MEBIBYTE

ROUNDS = 3
#: Times psql's own copy of the same SELECT.
MOST_TIMES = {"machine": 1.15, "excel": 3.0}
LEAST_TIMES_RIVAL = 25
MOST_GROWTH_MIB = 60
#: A row group of Parquet is held in memory, so there it is told alone.
HELD = frozenset({"parquet"})


def figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    database = mirrors.seeded(tasks)
    psql = find_psql()
    say(f"Every kind of file of {tasks:,} tasks beside {psql or NO_PSQL} …")
    found = measured("export_runs", psql, str(ROUNDS), database=database, settings="telareview.settings")
    # Tasks that are gone are left out, of every file alike.
    if len(set(found["rows"].values())) != 1:
        raise RuntimeError(f"The files differ: {found}")
    return _lines(found, r"psql \copy" if psql else NO_PSQL)


def _lines(found: dict[str, Any], rival: str) -> list[Figure]:
    seconds = {name: statistics.median(each) for name, each in found["seconds"].items()}
    lines = [Figure(what=f"{rival} of the same SELECT", measured=f"{seconds['psql']:.2f} s", compared="")]
    for name, taken in seconds.items():
        if name in MOST_TIMES:
            lines.append(
                Figure.at_most(
                    f"{name}: our time to that",
                    taken / seconds["psql"],
                    MOST_TIMES[name],
                    "×",
                    compared=f"{taken:.2f} s; medians of {len(found['seconds'][name])}",
                    digits=2,
                )
            )
        elif name != "psql":
            times = f"{taken / seconds['psql']:.1f} × psql"
            lines.append(Figure(what=name, measured=f"{taken:.1f} s", compared=times))
    a_row = seconds["machine"] / found["rows"]["machine"]
    lines.append(
        Figure.at_least(
            "machine: so many times as fast as django-import-export, by the row",
            found["rival seconds a row"] / a_row,
            LEAST_TIMES_RIVAL,
            "×",
            digits=0,
        )
    )
    for name, grown in found["growth"].items():
        what, mebibytes = f"memory growth of {name}", grown / MEBIBYTE
        if name in HELD:
            lines.append(Figure(what=what, measured=f"{mebibytes:.0f} MiB", compared=""))
        else:
            lines.append(Figure.at_most(what, mebibytes, MOST_GROWTH_MIB, "MiB"))
    return lines
