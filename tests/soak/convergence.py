"""`./run soak convergence [--seeds N] [--first SEED]`: the whole machinery over a Tela that moves, fails and lies.

First fill, pulls, sweeps and confirmed absences go through the product's own doors into PostgreSQL while the source
changes between any two calls. Once it stands still, the mirror must equal it after two complete sweeps at most.
"""

import argparse
import datetime as dt
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from unittest.mock import patch
from uuid import UUID

from django.db import connection
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.sync import backfill, pull, sweep
from telareview.sync.gone import APART, confirm_absent
from telareview.sync.models import SyncRun
from telareview.sync.walk import walk
from telareview.tasks.models import Kind, Task, TaskVersion
from telareview.tela import TelaClient, TelaError
from tests.soak.restless import RestlessTela
from tests.sync.faults import faults_of, faulty_client

SEEDS = 200
#: Seeds at a time: each process is busy with the product's work and its own Tela's.
PROCESSES = 2
TASKS = 600
CYCLES_WHILE_MOVING, CYCLES_WHILE_SWEEPING = 4, 2
#: Quiet cycles and complete sweeps within which the mirror must equal the source.
MOST_CYCLES, MOST_SWEEPS = 10, 2
FAULTS = 0.3
#: Shorter than the product's, so that what becomes visible late is a real risk for more than the newest tasks.
OVERLAP = dt.timedelta(seconds=5)
#: Every so many seeds the first fill uses several connections; those cannot be repeated to the letter.
THREADED_EVERY = 4


@dataclass
class Differences:
    """What is wrong with a mirror: ids, empty when it equals the source."""

    missing: list[UUID] = field(default_factory=list)
    stale: list[UUID] = field(default_factory=list)
    ghosts: list[UUID] = field(default_factory=list)
    #: With gaps in their version numbers, or neighbouring versions of equal content.
    doubled: list[UUID] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale or self.ghosts or self.doubled)

    def __str__(self) -> str:
        parts = ("missing", "stale", "ghosts", "doubled")
        return ", ".join(f"{len(getattr(self, part))} {part}" for part in parts)


@dataclass
class Outcome:
    """How one seed went."""

    #: What the walks alone left out, of the tasks whose `updatedAt` tells of their last change: missing and stale.
    before_sweeps: Differences
    #: What was wrong in the end.
    differences: Differences
    #: Quiet cycles and complete sweeps it took from the second standstill on.
    cycles: int
    sweeps: int
    tasks: int
    versions: int
    changes: int
    #: Changes that became visible later than their stamp.
    late: int
    #: Times that `ties` tasks were stamped at once.
    bulks: int
    calls: int
    #: By kind.
    faults: Counter[str]

    @property
    def as_wanted(self) -> bool:
        return not (self.differences or self.before_sweeps.missing or self.before_sweeps.stale)

    def __str__(self) -> str:
        return f"{self.differences}; the walks alone: {self.before_sweeps}"


def converge(workspace: Workspace, seed: int, *, tasks: int = TASKS, ties: int = 300, connections: int = 1) -> Outcome:
    """Mirror a restless Tela by walks until it stands still; then again, with sweeps, until the mirror equals it."""
    source = RestlessTela(seed, tasks, ties=ties)
    with faulty_client(source, seed, FAULTS) as client, _sleepless():
        for _ in range(CYCLES_WHILE_MOVING):
            _pull(workspace, client, connections)
        source.settle()
        for _ in range(MOST_CYCLES):
            _pull(workspace, client, connections)
            lost = _left_out_by_walks(workspace, source)
            if not lost:
                break
        source.stir()
        for _ in range(CYCLES_WHILE_SWEEPING):
            _pull(workspace, client, connections)
            _sweep(workspace, client)
        source.settle()
        cycles = sweeps = 0
        while cycles < MOST_CYCLES and sweeps < MOST_SWEEPS:
            cycles += 1
            _pull(workspace, client, connections)
            sweeps += _sweep(workspace, client)
            if sweeps and not differences_of(workspace, source):
                break
        return Outcome(
            lost,
            differences_of(workspace, source),
            cycles,
            sweeps,
            len(source.rows),
            TaskVersion.objects.of(workspace).count(),
            source.changes_made,
            source.late,
            source.bulks,
            client.calls,
            Counter(faults_of(client)),
        )


def _left_out_by_walks(workspace: Workspace, source: RestlessTela) -> Differences:
    found = differences_of(workspace, source)
    silent = source.silently_changed()
    return Differences(
        missing=[each for each in found.missing if each not in silent],
        stale=[each for each in found.stale if each not in silent],
    )


def differences_of(workspace: Workspace, source: RestlessTela) -> Differences:
    """The mirror beside the source, told without the product's own hashes."""
    expected = source.expected()
    cards = Task.objects.of(workspace).filter(gone_at=None)
    held = {card: json.loads(text) for card, text in cards.values_list("task_id", "version__payload__text")}
    return Differences(
        missing=[each for each in expected if each not in held],
        stale=[each for each, raw in held.items() if each in expected and raw != expected[each]],
        ghosts=[each for each in held if each not in expected],
        doubled=doubled_versions(workspace),
    )


def doubled_versions(workspace: Workspace) -> list[UUID]:
    """Tasks whose versions are not numbered 1 to n, or of which two neighbours tell the same.

    A task that went repeats its last state, and one that returned may be as it was.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT task_id FROM (SELECT task_id, number, kind, content_hash, "
            "row_number() OVER life AS place, lag(content_hash) OVER life AS before "
            "FROM tasks_taskversion WHERE workspace_id = %s "
            "WINDOW life AS (PARTITION BY task_id ORDER BY number)) AS told "
            "WHERE number <> place OR (content_hash = before AND kind NOT IN (%s, %s))",
            [workspace.pk, Kind.GONE.value, Kind.RETURNED.value],
        )
        doubled = [task_id for (task_id,) in cursor.fetchall()]
        cursor.execute(
            "SELECT card.task_id FROM tasks_task AS card WHERE workspace_id = %s AND version_number <> "
            "(SELECT count(*) FROM tasks_taskversion AS each WHERE each.workspace_id = card.workspace_id "
            "AND each.task_id = card.task_id)",
            [workspace.pk],
        )
        return [*doubled, *(task_id for (task_id,) in cursor.fetchall())]


def _pull(workspace: Workspace, client: TelaClient, connections: int) -> bool:
    """One pull; whether it reached its end."""
    run = pull.pull_tasks(workspace, client, connections=connections)
    return run.outcome == SyncRun.Outcome.COMPLETE


def _sweep(workspace: Workspace, client: TelaClient) -> bool:
    """A sweep and, as if eleven minutes had passed, the second question; whether the sweep reached its end."""
    run, _differences = pull.sweep_tasks(workspace, client, many_gone=True)
    try:
        confirm_absent(workspace, client, None, now=timezone.now() + APART + dt.timedelta(minutes=1))
    except TelaError:
        # The next cycle asks again, as the worker's does.
        return False
    return run.outcome == SyncRun.Outcome.COMPLETE


@contextmanager
def _sleepless() -> Iterator[None]:
    """Nobody sleeps before a page is asked for again, and the overlap is as short as the source is slow."""
    hasty = partial(walk, pause=lambda seconds: None)
    with ExitStack() as stack:
        for module in (backfill, pull, sweep):
            stack.enter_context(patch.object(module, "walk", hasty))
        stack.enter_context(patch.object(pull, "OVERLAP", OVERLAP))
        yield


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("./run soak convergence", description="The mirror of a restless Tela, by seeds.")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="default: %(default)s")
    parser.add_argument("--first", type=int, default=0, help="the first seed; default: %(default)s")
    parser.add_argument("--tasks", type=int, default=TASKS, help="at the beginning; default: %(default)s")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="seeds at a time; default: %(default)s")
    options = parser.parse_args(arguments)
    failed, outcomes, began = [], [], time.monotonic()
    # A connection must not be shared with a child.
    connection.close()
    with ProcessPoolExecutor(options.processes, multiprocessing.get_context("fork")) as pool:
        seeds = range(options.first, options.first + options.seeds)
        running = {pool.submit(_trial, seed, options.tasks): seed for seed in seeds}
        try:
            for ended in as_completed(running):
                seed, outcome = running[ended], ended.result()
                outcomes.append(outcome)
                if not outcome.as_wanted:
                    failed.append(seed)
                    print(f"seed {seed} ({connections_of(seed)} connections): {outcome}", flush=True)
                elif len(outcomes) % 10 == 0:
                    print(f"{len(outcomes)} seeds, {len(failed)} failed, {time.monotonic() - began:.0f} s", flush=True)
        finally:
            # Where the trial is stopped, seeds that have not begun are left out, and what was seen is told.
            pool.shutdown(wait=False, cancel_futures=True)
            _tell(outcomes, failed)
    return 1 if failed else 0


def _tell(outcomes: list[Outcome], failed: list[int]) -> None:
    for line in summary(outcomes) if outcomes else ():
        print(line)
    print(f"Failed seeds: {', '.join(map(str, sorted(failed))) or 'none'}.", flush=True)


def connections_of(seed: int) -> int:
    """Over how many connections the first fill of a seed goes."""
    return 4 if seed % THREADED_EVERY == THREADED_EVERY - 1 else 1


def _trial(seed: int, tasks: int) -> Outcome:
    """One seed in a workspace of its own."""
    workspace = Workspace.objects.create(slug=f"seed-{seed}-{timezone.now():%H%M%S}", name=f"Seed {seed}")
    return converge(workspace, seed, tasks=tasks, connections=connections_of(seed))


def summary(outcomes: list[Outcome]) -> list[str]:
    """What was gone through, in words."""
    calls, faults = sum(each.calls for each in outcomes), sum((each.faults for each in outcomes), Counter[str]())
    changes, late = sum(each.changes for each in outcomes), sum(each.late for each in outcomes)
    sweeps = [each.sweeps for each in outcomes]
    return [
        f"{len(outcomes)} seeds: {changes:,} changes, {late / max(1, changes):.1%} of them visible late, and "
        f"{sum(each.bulks for each in outcomes):,} times many in bulk; "
        f"{sum(each.versions for each in outcomes):,} versions.",
        f"{calls:,} calls, {faults.total() / max(1, calls):.1%} of them faulty: "
        f"{', '.join(f'{kind} {count:,}' for kind, count in sorted(faults.items()))}.",
        f"Complete sweeps until equal: one {sweeps.count(1)} times, two {sweeps.count(2)} times; "
        f"quiet cycles: {max(each.cycles for each in outcomes)} at most.",
    ]
