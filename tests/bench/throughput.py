"""The pull beside a bare loop and beside dlt: the same tasks of the same local API into the same server, one by one.

The API's answers are made before and it waits for nobody, so that what is measured is everything but the API. All three
run with commits that do not wait for the disk, each in a process of its own; the times are theirs, without start-up.
The best of so many rounds counts for the loop and for us, as other work on the machine only ever makes it slower; dlt
takes long and has one round.

dlt runs twice. As it comes it takes nested values apart, lists into tables of their own: that is what somebody has who
follows its documentation, so what is wanted is said of it. Told to keep them as JSON it does less, and what it leaves
behind is nearer to what the mirror holds; it is measured beside, so that nobody takes the first figure for the whole.
"""

import json
import subprocess
import sys
from tempfile import TemporaryDirectory

import requests

from tests.bench.figures import Figure
from tests.bench.mirrors import FOLDER, ROOT, Mirrors, environment, say
from tests.bench.pull import KEY, pull, sandbox

#: Of the bare loop, and times dlt.
LEAST_SHARE, LEAST_TIMES = 60, 5
ROUNDS = 3
CONNECTIONS = 4
PAGE_ROWS = 100


def figures(mirrors: Mirrors, tasks: int) -> list[Figure]:
    # dlt refuses names with halves of surrogate pairs, and a plain COPY those with \u0000.
    with sandbox(tasks, 0, "--calm") as address:
        _warm(address, tasks)
        bare = max(_bare_loop(mirrors, address, tasks) for _ in range(ROUNDS))
        ours = max(_pull(mirrors, address, tasks) for _ in range(ROUNDS))
        theirs = _dlt(mirrors, address, tasks)
        theirs_whole = _dlt(mirrors, address, tasks, "whole")
    return [
        Figure(what="bare loop of requests and COPY", measured=f"{bare:,.0f} tasks/s"),
        Figure.at_least(
            f"pull_tasks, {CONNECTIONS} connections, of the bare loop",
            100 * ours / bare,
            LEAST_SHARE,
            "%",
            compared=f"{ours:,.0f} tasks/s",
        ),
        Figure.at_least(
            "pull_tasks, times dlt as it comes (rest_api, merge)",
            ours / theirs,
            LEAST_TIMES,
            "×",
            compared=f"{theirs:,.0f} tasks/s",
        ),
        Figure(
            what="pull_tasks, times dlt told to keep nested values as JSON",
            measured=f"{ours / theirs_whole:.1f} ×",
            compared=f"{theirs_whole:,.0f} tasks/s",
        ),
    ]


def _warm(address: str, tasks: int) -> None:
    """Let the stand-in write every task once; it remembers them."""
    say(f"Warming up {tasks:,} tasks …")
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {KEY}"
        for offset in range(0, tasks, PAGE_ROWS):
            question = {"limit": str(PAGE_ROWS), "offset": str(offset), "orderBy": "createdAt", "order": "asc"}
            session.get(f"{address}/task", params=question, timeout=60).raise_for_status()


def _bare_loop(mirrors: Mirrors, address: str, tasks: int) -> float:
    say("The bare loop …")
    return _run("bare_loop", address, KEY, mirrors.empty("bare"), tasks=tasks)


def _dlt(mirrors: Mirrors, address: str, tasks: int, *nested: str) -> float:
    say("dlt, nested values kept as JSON …" if nested else "dlt as it comes …")
    with TemporaryDirectory(dir=FOLDER) as folder:
        return _run("dlt_load", address, KEY, mirrors.empty("dlt"), folder, *nested, tasks=tasks)


def _run(program: str, *words: str, tasks: int) -> float:
    """Tasks a second of one program of this folder. Raises RuntimeError where it did not bring them all."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{program}", *words],
        cwd=ROOT,
        env=environment(words[2]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    if said["rows"] != tasks:
        raise RuntimeError(f"{program} brought {said['rows']} tasks of {tasks}.")
    return float(tasks / said["seconds"])


def _pull(mirrors: Mirrors, address: str, tasks: int) -> float:
    say("pull_tasks …")
    said = pull(mirrors.fresh("pulled"), address, CONNECTIONS).said
    if said["new"] != tasks:
        raise RuntimeError(f"pull_tasks brought {said['new']} tasks of {tasks}.")
    return float(tasks / said["seconds"])
