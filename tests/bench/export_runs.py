"""Every profile, psql's way to the same rows and django-import-export's, in turns. Prints JSON.

`python -m tests.bench.export_runs PSQL ROUNDS`; DATABASE_URL names the mirror. Each of our ways is a process of its
own, so that its memory is its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django

django.setup()

import psycopg  # noqa: E402 - as all below: needs the settings that setup() reads
from django.conf import settings  # noqa: E402
from django.http import QueryDict  # noqa: E402

from telareview.accounts.workspaces import ensure_default_workspace  # noqa: E402
from telareview.exports.copying import select_of  # noqa: E402
from telareview.exports.plan import Plan, plan_export  # noqa: E402
from telareview.exports.spool import spool  # noqa: E402
from telareview.exports.values import machine_text  # noqa: E402
from telareview.tasks.models import Task  # noqa: E402
from tests.bench.mirrors import FOLDER, ROOT  # noqa: E402
from tests.bench.timing import memory, reset_peak  # noqa: E402

PROFILES = ("machine", "excel", "xlsx", "ndjson", "parquet")
#: These are run once: they take minutes.
SLOW = frozenset({"xlsx", "parquet", "ndjson"})
#: django-import-export holds every row in memory, so it is given fewer; its time is told per row.
RIVAL_ROWS = 20_000


def main(psql: str, rounds: int) -> None:
    target = FOLDER / "export-psql.csv"
    plan = plan_of("machine")
    select = select_of(plan, [machine_text(column, plan) for column in plan.columns])
    by_psql(psql, select, target)
    seconds: dict[str, list[float]] = {"psql": []}
    growth: dict[str, int] = {}
    rows: dict[str, int] = {"psql": count_lines(target) - 1}
    for number in range(rounds):
        seconds["psql"].append(timed(lambda: by_psql(psql, select, target)))
        for profile in PROFILES:
            if number and profile in SLOW:
                continue
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.export_runs", "--one", profile],
                cwd=ROOT, check=True, capture_output=True, text=True,
            )  # fmt: skip
            found = json.loads(done.stdout.splitlines()[-1])
            seconds.setdefault(profile, []).append(found["seconds"])
            growth[profile], rows[profile] = found["growth"], found["rows"]
    target.unlink(missing_ok=True)
    rival = timed(by_rival) / min(RIVAL_ROWS, rows["psql"])
    print(json.dumps({"seconds": seconds, "growth": growth, "rows": rows, "rival seconds a row": rival}))


def one(profile: str) -> None:
    """One profile in this process: its seconds, rows, and how far memory grew beyond a small export's."""
    target = FOLDER / f"export-{profile}"
    small = plan_export(ensure_default_workspace(), QueryDict(f"ids={'0' * 32}"), zone=ZoneInfo("UTC"), profile=profile)
    spool(small, target)
    held = reset_peak(os.getpid())
    began = time.perf_counter()
    spooled = spool(plan_of(profile), target)
    taken = time.perf_counter() - began
    grown = memory(os.getpid(), "VmHWM") - held
    target.unlink()
    print(json.dumps({"seconds": taken, "rows": spooled.rows, "growth": grown}))


def plan_of(profile: str) -> Plan:
    """Of every task there is, the few that are gone among them."""
    query = QueryDict("gone=include")
    return plan_export(ensure_default_workspace(), query, zone=ZoneInfo("UTC"), profile=profile, locale="pt-br")


def by_psql(psql: str, select: str, target: Path) -> None:
    if psql:
        copy = rf"\copy ({select}) to '{target}' csv header"
        subprocess.run([psql, settings.DATABASE_URL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", copy], check=True)
        return
    with (
        psycopg.connect(settings.DATABASE_URL) as connection,
        connection.cursor().copy(f"COPY ({select}) TO STDOUT (FORMAT csv, HEADER)") as rows,
        target.open("wb") as sink,
    ):
        for row in rows:
            sink.write(row)


def by_rival() -> None:
    """The same columns of the first rows by django-import-export, to a CSV text in memory as its pages do."""
    from import_export.resources import ModelResource

    class Rival(ModelResource):
        class Meta:
            model = Task
            fields = (
                "task_id", "reference", "name", "status", "revision_process", "created_by", "created_at", "updated_at",
                "approved_by", "approved_at", "prompt_application_id", "prompt_version_id", "tags",
            )  # fmt: skip

    listed = Task.objects.order_by("-updated_at", "-task_id")[:RIVAL_ROWS]
    text = Rival().export(queryset=listed).export("csv")
    (FOLDER / "export-rival.csv").write_text(text)
    (FOLDER / "export-rival.csv").unlink()


def timed(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(sys.argv[2])
    else:
        main(sys.argv[1], int(sys.argv[2]))
