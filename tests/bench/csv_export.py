"""Ours and psql's way to the same CSV, in turns: `python -m tests.bench.csv_export PSQL`, which prints JSON.

DATABASE_URL names the mirror. Ours twice: written to a file in this process, and downloaded from the web server.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import django

django.setup()

import psycopg  # noqa: E402 - as all below: needs the settings that setup() reads
from django.conf import settings  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.test import Client  # noqa: E402

from telareview.accounts.models import Workspace  # noqa: E402
from telareview.accounts.people import add_person  # noqa: E402
from telareview.accounts.workspaces import ensure_default_workspace  # noqa: E402
from telareview.exports.copying import select_of  # noqa: E402
from telareview.exports.plan import Plan, plan_export  # noqa: E402
from telareview.exports.spool import spool  # noqa: E402
from telareview.exports.values import machine_text  # noqa: E402
from tests.bench.mirrors import FOLDER  # noqa: E402
from tests.bench.timing import memory, reset_peak  # noqa: E402
from tests.bench.web import Web, web_server  # noqa: E402

ROUNDS = 5
SMALL_EXPORTS = 8
READ_BYTES = 64 * 1024
ZONE = ZoneInfo("UTC")


def main(psql: str) -> None:
    workspace = ensure_default_workspace()
    plan = _plan(workspace)
    select = select_of(plan, [machine_text(column, plan) for column in plan.columns])
    files = {name: FOLDER / f"export-{name}.csv" for name in ("psql", "spool", "http")}
    with web_server(_auditor(workspace)) as web:
        ways: dict[str, Callable[[], None]] = {
            "psql": lambda: _by_psql(psql, select, files["psql"]),
            "spool": lambda: _by_spool(workspace, files["spool"]),
            "http": lambda: _by_http(web, files["http"]),
        }
        found = _measured(ways, web)
    found["rows"] = {name: _lines(path) - 1 for name, path in files.items() if path.exists()}
    found["bytes"] = files["spool"].stat().st_size
    found["same file"] = files["spool"].read_bytes() == files["http"].read_bytes()
    for path in files.values():
        path.unlink(missing_ok=True)
    print(json.dumps(found))


def _measured(ways: dict[str, Callable[[], None]], web: Web) -> dict[str, Any]:
    """Seconds of each way, round by round, after one that is not counted; and how far memory grew over all of them."""
    for _ in range(SMALL_EXPORTS):
        # Every worker has loaded what a small export needs.
        web.get(web.connection(), f"/tasks.csv?ids={UUID(int=0)}").read()
    processes = {"spool": [os.getpid()], "http": web.workers()}
    before = {name: {pid: reset_peak(pid) for pid in pids} for name, pids in processes.items()}
    for run in ways.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    growth = {
        name: max(memory(pid, "VmHWM") - held for pid, held in held_by.items()) for name, held_by in before.items()
    }
    return {"seconds": seconds, "growth": growth}


def _by_psql(psql: str, select: str, target: Path) -> None:
    if psql:
        copy = rf"\copy ({select}) to '{target}' csv header"
        subprocess.run([psql, settings.DATABASE_URL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", copy], check=True)
        return
    with (
        psycopg.connect(settings.DATABASE_URL) as connection,
        connection.cursor().copy(f"COPY ({select}) TO STDOUT (FORMAT csv, HEADER)") as rows,
        open(os.devnull, "wb") as sink,
    ):
        for row in rows:
            sink.write(row)


def _by_spool(workspace: Workspace, target: Path) -> None:
    spool(_plan(workspace), target)


def _plan(workspace: Workspace) -> Plan:
    return plan_export(workspace, QueryDict(), zone=ZONE)


def _by_http(web: Web, target: Path) -> None:
    response = web.get(web.connection(), "/tasks.csv")
    with target.open("wb") as file:
        while block := response.read(READ_BYTES):
            file.write(block)
    if target.stat().st_size != int(response.headers["Content-Length"]):
        raise RuntimeError("The download is short.")


def _auditor(workspace: Workspace) -> str:
    person, _password = add_person("auditor@bench.example", "auditor", workspace)
    client = Client()
    client.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
