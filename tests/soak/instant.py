"""Exports while other connections change the mirror about 1,000 times a second: each file is the state at one instant.

Every change moves one unit from one task to another in a single transaction, so the sum over all tasks is the same at
every instant; a file that mixes two instants has another sum..
"""

import csv
import json
import random
import tempfile
import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import connection, connections
from django.http import QueryDict

from telareview.accounts.workspaces import ensure_default_workspace
from telareview.exports.plan import plan_export
from telareview.exports.spool import spool
from telareview.tasks.models import Task
from tests.tasks.cards import card

TASKS, EACH = 20_000, 1_000_000
WRITERS, EXPORTS = 2, 20
WANTED_A_SECOND = 1_000
#: Changes of one commit: a page of the mirror commits about as many rows at a time.
AT_ONCE = 20


def main(options: list[str]) -> int:
    workspace = ensure_default_workspace()
    Task.objects.bulk_create((card(workspace, reference=EACH, name="even") for _ in range(TASKS)), 2_000)
    ids = list(Task.objects.values_list("pk", flat=True))
    done = threading.Event()
    counts = [0] * WRITERS
    writers = [
        threading.Thread(target=_write, args=(ids[number::WRITERS], done, counts, number)) for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    began, wrong, files = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(EXPORTS):
            profile = ("machine", "excel")[number % 2]
            plan = plan_export(
                workspace, QueryDict("cols=reference,name&orderBy=id"), zone=ZoneInfo("UTC"), profile=profile
            )
            spooled = spool(plan, Path(name) / "tasks.csv")
            wrong += not _is_one_instant(spooled.path)
            files += 1
    taken = time.monotonic() - began
    done.set()
    for writer in writers:
        writer.join()
    rate = sum(counts) / taken
    print(json.dumps({"files": files, "mixed": wrong, "updates a second": round(rate)}))
    print(f"{files} files of {TASKS:,} tasks during {rate:,.0f} updates a second; {wrong} mixed two instants.")
    return int(bool(wrong) or rate < WANTED_A_SECOND)


def _write(ids: list[int], done: threading.Event, counts: list[int], number: int) -> None:
    draw = random.Random(number)
    try:
        while not done.is_set():
            pairs = draw.sample(ids, AT_ONCE)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE tasks_task SET reference = reference + CASE WHEN id = ANY(%s) THEN 1 ELSE -1 END,"
                    " name = 'turn ' || %s WHERE id = ANY(%s)",
                    [pairs[::2], counts[number], pairs],
                )
            counts[number] += AT_ONCE
    finally:
        connections.close_all()


def _is_one_instant(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", newline="") as file:
        _header, *rows = csv.reader(file)
    return len(rows) == TASKS and sum(int(row[0]) for row in rows) == TASKS * EACH
