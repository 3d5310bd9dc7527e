"""`./run bench [NAME] [--tasks N]`: figures of the product beside what is wanted; 1 if one is missed.

Databases of its own lie below `var/bench` and stay for the next run; nothing else is touched.
"""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable

from tests.bench import (
    csv_figures,
    export_figures,
    large_figures,
    list_figures,
    past_figures,
    pull,
    random_figures,
    seal,
    throughput,
    webhooks,
)
from tests.bench.figures import Figure, table
from tests.bench.mirrors import FOLDER, Mirrors, alone, mirrors

#: Title, how to measure, tasks (or calls) unless told, and whether commits wait for the disk.
PARTS: dict[str, tuple[str, Callable[[Mirrors, int], list[Figure]], int, bool]] = {
    "list": ("List page, {:,} tasks", list_figures.figures, 1_000_000, False),
    "asof": ("List as of a moment, {:,} tasks", past_figures.as_of_figures, 1_000_000, False),
    "history": ("Feed of changes, {:,} tasks", past_figures.history_figures, 1_000_000, False),
    "csv": ("CSV, {:,} tasks", csv_figures.figures, 1_000_000, False),
    "exports": ("Every kind of file, {:,} tasks", export_figures.figures, 1_000_000, False),
    "pull": ("First pull from the sandbox, {:,} tasks", pull.figures, 100_000, True),
    "seal": ("Seals, {:,} versions", seal.figures, 1_000_000, False),
    "throughput": ("Beside a bare loop and dlt, {:,} tasks", throughput.figures, 20_000, False),
    "diff": ("Payloads of 5 MB on either side", large_figures.figures, 0, False),
    "queries": ("Random questions, {:,} tasks", random_figures.figures, 1_000_000, False),
    "webhooks": ("Webhooks, a storm of {:,} calls first", webhooks.figures, 10_000, True),
}
BUSY = 0.75
TERMINATED = 143


def main() -> int:
    parser = argparse.ArgumentParser(
        "./run bench", description="Measures the product; exit 1 where a figure is missed."
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS], default=[*PARTS], help="default: all")
    parser.add_argument("--tasks", type=int, help="for a quick try; the default is what the figures are wanted for")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    with alone(FOLDER):
        return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    print(_circumstances(), end="\n\n", flush=True)
    missed = 0
    for name in options.parts:
        title, figures, tasks, durable = PARTS[name]
        with mirrors(durable=durable) as databases:
            found = figures(databases, options.tasks or tasks)
        print(table(title.format(options.tasks or tasks), found), flush=True)
        missed += sum(each.met is False for each in found)
    print(f"{missed} figure(s) missed." if missed else "Every figure is as wanted.")
    return 1 if missed else 0


def _circumstances() -> str:
    """The machine, and whether other work runs on it: then times are longer than they are."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    busy = ", which is busy: absolute times are inflated" if load > BUSY * cores else ""
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}; "
        f"load {load:.2f}{busy}.\n"
        "PostgreSQL on the same machine, its data in memory; commits wait for the disk in `pull` and `webhooks` only."
    )


if __name__ == "__main__":
    sys.exit(main())
