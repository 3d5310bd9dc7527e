"""A first pull of many tasks from the sandbox: its time, its own part of it, its memory, and what a second one writes.

The share of own work is said of connection time: a run of S seconds over C connections has C × S seconds, and what is
not spent between sending a call and the last byte of its answer is own work, be it Python, PostgreSQL or waiting for
another thread. With one connection that is simply the part of the run in which Tela is not waited for.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from telareview.demo.children import spawn
from telareview.demo.postgres import free_port
from tests.bench.figures import Figure
from tests.bench.mirrors import FOLDER, ROOT, Mirrors, environment, say
from tests.bench.timing import MEBIBYTE, children, memory

MOST_OWN_SHARE = 0.25
MOST_MEMORY_MIB = 250
#: What a far API takes to answer, beside its own work; and none at all, which measures us against the machine.
REALISTIC_MILLISECONDS = 150
LATENCIES = (REALISTIC_MILLISECONDS, 0)
CONNECTIONS = (4, 1)
DATABASE = "pulled"
KEY = "a-key-for-the-benchmark"
#: Where the seeded lives end: the same world every time.
NOW = "2026-11-01T12:00:00.000Z"
GLANCE_SECONDS = 0.02
#: How often its own processes are looked for.
KIN_SECONDS = 1.0
SANDBOX_SECONDS = 300
WRITTEN = ("tasks_task", "tasks_taskversion", "tasks_payload", "tasks_outputindex")


@dataclass(frozen=True)
class Pull:
    """What one run of `pull_tasks` said and cost."""

    said: dict[str, Any]
    connections: int
    peak_bytes: int
    cpu_seconds: float
    #: Rows inserted, changed and deleted in the mirror's tables.
    rows_written: int

    @property
    def own_share(self) -> float:
        return 1 - self.said["waited_seconds"] / (self.said["seconds"] * self.connections)


def figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    lines = []
    for latency in LATENCIES:
        with sandbox(tasks, latency) as address:
            for connections in CONNECTIONS:
                say(f"Pulling {tasks:,} tasks, {latency} ms a call, {connections} connection(s) …")
                lines += _one(mirrors, address, tasks, latency, connections)
    mirrors.drop(DATABASE)
    return lines


def _one(mirrors: Mirrors, address: str, tasks: int, latency: int, connections: int) -> list[Figure]:
    database = mirrors.fresh(DATABASE)
    first = pull(database, address, connections)
    again = pull(database, address, connections)
    where = f"{latency} ms a call, {connections} connection{'s' if connections > 1 else ''}"
    said = first.said
    if said["fetched"] != tasks or said["new"] != tasks:
        raise RuntimeError(f"{tasks} tasks were to be fetched; the pull says {said}.")
    told = (
        f"{said['seconds']:.1f} s, {tasks / said['seconds']:,.0f} tasks/s; {said['calls']} calls, "
        f"{said['waited_seconds']:.1f} s waiting in all; {first.cpu_seconds:.1f} s CPU"
    )
    share = 100 * first.own_share
    lines = [
        Figure.at_most(f"own work, {where}", share, 100 * MOST_OWN_SHARE, "%", compared=told)
        if latency == REALISTIC_MILLISECONDS
        else Figure(what=f"own work, {where}", measured=f"{share:.1f} %", compared=told),
        Figure.at_most(f"peak memory, {where}", first.peak_bytes / MEBIBYTE, MOST_MEMORY_MIB, "MiB", digits=0),
        Figure.at_most(
            f"rows written by a second pull, {where}", again.rows_written, 0, "", compared=_told(again), digits=0
        ),
    ]
    if latency == 0:
        whole = pull(database, address, connections, "--full")
        lines.append(
            Figure.at_most(
                f"rows written by `--full`, {where}", whole.rows_written, 0, "", compared=_told(whole), digits=0
            )
        )
    return lines


def _told(pulled: Pull) -> str:
    return f"{pulled.said['unchanged']:,} tasks read again, unchanged, in {pulled.said['seconds']:.1f} s"


def pull(database: str, address: str, connections: int, *words: str) -> Pull:
    """`pull_tasks` in a process of its own, watched from outside. Raises RuntimeError where it is not whole."""
    before = _rows_written(database)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "pull_tasks", "--json", "--connections", str(connections), *words],
        cwd=ROOT,
        env=environment(database, TELA_API_URL=address, TELA_API_KEY=KEY),
        stdout=subprocess.PIPE,
        text=True,
    )
    peak, kin, looked_at = 0, list[int](), 0.0
    # The kernel's own maximum of a child also counts what this process held before exec.
    while process.poll() is None:
        if time.monotonic() - looked_at > KIN_SECONDS:
            kin, looked_at = children(process.pid), time.monotonic()
        peak = max(peak, sum(memory(each, "VmHWM") for each in (process.pid, *kin)))
        time.sleep(GLANCE_SECONDS)
    assert process.stdout is not None
    said = json.loads(process.stdout.read().splitlines()[-1])
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode or said["outcome"] != "complete":
        raise RuntimeError(f"The pull is not whole: {said}")
    cpu = spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime
    return Pull(said, connections, peak, cpu, _rows_written(database) - before)


def _rows_written(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname = ANY(%s)",
            [list(WRITTEN)],
        ).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def sandbox(tasks: int, latency: int, *words: str) -> Iterator[str]:
    """The stand-in of Tela with so many tasks, each call answered `latency` milliseconds later; `words` are its own."""
    port = free_port()
    child = spawn(
        "sandbox",
        [
            *(sys.executable, "-u", "-m", "telareview.sandbox", "--port", str(port), "--key", KEY, "--now", NOW),
            *("--tasks", str(tasks), "--latency", str(latency), "--with-parent", *words),
        ],
        log=FOLDER / "logs" / f"sandbox-{port}.log",
        cwd=ROOT,
        env=dict(os.environ),
    )
    try:
        deadline = time.monotonic() + SANDBOX_SECONDS
        while "listening" not in child.last_words():
            if not child.alive or time.monotonic() > deadline:
                raise RuntimeError(f"The sandbox did not start; see {child.log}.")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.stop(seconds=5)
