"""`./run soak kills [--kills N] [--tasks N]`: `kill -9` at random moments of a first fill over HTTP.

Each life of the pulling process is ended behind a random call and a random few milliseconds. After each, no window may
claim more than the mirror holds; in the end the mirror must equal the source, with nothing told twice.
"""

import argparse
import bisect
import datetime as dt
import hashlib
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import requests
import simplejson
from django.conf import settings
from django.db import connection

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.demo.children import Child, spawn
from telareview.sandbox import SandboxServer
from telareview.sandbox.exchange import Request
from telareview.sync.models import BackfillWindow, Bookmark, SyncRun
from telareview.sync.walk import PAGE_ROWS
from telareview.tasks.models import Task, TaskVersion
from tests.bench.mirrors import ROOT, environment
from tests.soak.convergence import doubled_versions
from tests.soak.place import LOGS, address

KILLS, TASKS = 50, 100_000
WORLD_ENDS = "2026-06-01T00:00:00.000Z"
#: A kill falls at any point of the page's way into the mirror.
LONGEST_NAP_SECONDS = 0.08
LIFE_SECONDS, DATABASE_SECONDS = 300, 30
LOOK_SECONDS = 0.02
PULL = ("pull_tasks", "--json")
WORKER = ("worker", "--every", "1")
#: What PostgreSQL knows these processes by.
MORTAL = "telareview-mortal"


class Truth:
    """What a frozen sandbox holds, asked for over HTTP without the product."""

    def __init__(self, sandbox: SandboxServer) -> None:
        #: SHA-256 of each task's JSON in one spelling.
        self.digests: dict[UUID, str] = {}
        #: When tasks were created, in order.
        self.created: list[dt.datetime] = []
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {sandbox.key}"
        for offset in range(0, sandbox.world.count(), PAGE_ROWS):
            question = {"limit": str(PAGE_ROWS), "offset": str(offset), "orderBy": "createdAt", "order": "asc"}
            answer = session.get(f"{sandbox.url}/task", params=question, timeout=60)
            for raw in simplejson.loads(answer.content, use_decimal=True):
                self.digests[UUID(raw["id"])] = digest(raw)
                self.created.append(dt.datetime.fromisoformat(raw["createdAt"]))

    def created_between(self, since: dt.datetime, until: dt.datetime) -> int:
        """How many tasks were created from `since` to `until`, both included."""
        return bisect.bisect_right(self.created, until) - bisect.bisect_left(self.created, since)


def digest(raw: object) -> str:
    """Of a task's JSON in one spelling that is not the product's."""
    text = simplejson.dumps(raw, sort_keys=True, separators=(",", ":"), use_decimal=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Trial:
    """A frozen sandbox, and processes that pull it into this process's database. `logs` keeps what they print."""

    def __init__(self, sandbox: SandboxServer, logs: Path, command: Sequence[str] = PULL) -> None:
        self.sandbox, self.logs, self.command = sandbox, logs, command
        self.truth = Truth(sandbox)
        if command is WORKER:
            # `pull_tasks` makes it by itself.
            workspace = Workspace(slug=DEFAULT_SLUG, name="Killed", api_url=sandbox.url)
            workspace.set_api_key(sandbox.key)
            workspace.save()
        self.lives = self.kills = 0
        #: Calls the sandbox has answered since.
        self.calls = 0
        #: Sentences about what was wrong after a kill.
        self.wrong: list[str] = []
        remember = sandbox.server.remember

        def count(request: Request) -> None:
            self.calls += 1
            remember(request)

        sandbox.server.remember = count  # type: ignore[method-assign]

    def kill_after(self, calls: int, nap: float) -> None:
        """One life that ends by `kill -9` behind so many calls, or by itself before."""
        last = self.calls + calls
        child = self._begin()
        try:
            self._wait(child, lambda: self.calls >= last)
            time.sleep(nap)
            self.kills += child.alive
        finally:
            _kill(child)
        self._wait_for_the_database()
        self.wrong += [f"life {self.lives}: {each}" for each in self._claims_too_much()]

    def finish(self) -> None:
        """The last life, until a pull has reached its end. Raises RuntimeError when it fails."""
        child = self._begin()
        try:
            self._wait(child, self.is_done)
            child.stop(seconds=30)
        finally:
            _kill(child)
        if child.process.returncode not in (0, -signal.SIGTERM) or not self.is_done():
            raise RuntimeError(f"It ended with {child.process.returncode}:\n{child.last_words(20)}")

    def is_done(self) -> bool:
        """Whether the fill and a pull behind it have reached their end."""
        return (
            Bookmark.objects.filter(synced_at__isnull=False).exists()
            and not BackfillWindow.objects.filter(done=False).exists()
            and not SyncRun.objects.filter(ended_at=None).exists()
        )

    def differences(self) -> list[str]:
        """Sentences about what the mirror holds otherwise than the source, or twice."""
        cards = Task.objects.filter(gone_at=None).values_list("task_id", "version__payload__text")
        held = {task: digest(simplejson.loads(text, use_decimal=True)) for task, text in cards.iterator()}
        truth = self.truth.digests
        wrong = [f"{each} is missing" for each in truth.keys() - held.keys()]
        wrong += [f"{each} is a ghost" for each in held.keys() - truth.keys()]
        wrong += [f"{each} differs" for each in held.keys() & truth.keys() if held[each] != truth[each]]
        if extra := TaskVersion.objects.count() - len(truth):
            wrong.append(f"{extra} versions too many")
        workspace = Workspace.objects.get(slug=DEFAULT_SLUG)
        return wrong + [f"{each} has versions with gaps or doubles" for each in doubled_versions(workspace)]

    def read_again(self) -> list[int]:
        """Of each life after the first that was still filling: tasks it read though the mirror held them already.

        The walk over changes at the end of a fill reads its overlap on purpose, and is left out.
        """
        fills = SyncRun.objects.filter(kind=SyncRun.Kind.BACKFILL, outcome=SyncRun.Outcome.INCOMPLETE)
        return list(fills.order_by("pk").values_list("unchanged", flat=True))[1:]

    def _begin(self) -> Child:
        self.lives += 1
        return spawn(
            " ".join(self.command),
            [sys.executable, ROOT / "manage.py", *self.command],
            log=self.logs / f"life-{self.lives}.log",
            cwd=ROOT,
            env=environment(
                address(),
                SECRET_KEY=settings.SECRET_KEY,
                TELA_API_URL=self.sandbox.url,
                TELA_API_KEY=self.sandbox.key,
                TELAREVIEW_VAR=str(self.logs),
                PGAPPNAME=MORTAL,
            ),
        )

    def _wait(self, child: Child, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIFE_SECONDS
        while child.alive and not reached():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{child.name} did not get there in {LIFE_SECONDS} s:\n{child.last_words(20)}")
            time.sleep(LOOK_SECONDS)

    def _wait_for_the_database(self) -> None:
        """It may still be finishing what the killed process had sent."""
        deadline = time.monotonic() + DATABASE_SECONDS
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
        with connection.cursor() as cursor:
            cursor.execute(others, [MORTAL])
            while cursor.fetchone()[0]:
                if time.monotonic() > deadline:
                    raise RuntimeError("The database still serves a killed process.")
                time.sleep(LOOK_SECONDS)
                cursor.execute(others, [MORTAL])

    def _claims_too_much(self) -> list[str]:
        """Windows whose position is ahead of the tasks that came with it."""
        wrong = []
        for window in BackfillWindow.objects.exclude(position=None):
            assert window.position is not None
            position = window.position or window.since
            there = self.truth.created_between(window.since, position)
            here = Task.objects.filter(created_at__gte=window.since, created_at__lte=window.position).count()
            if here < there:
                wrong.append(f"window {window} stands at {window.position} with {here} tasks of {there}")
        return wrong


def _kill(child: Child) -> None:
    child.process.kill()
    child.process.wait()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("./run soak kills", description="kill -9 at random moments of a first fill.")
    parser.add_argument("--kills", type=int, default=KILLS, help="default: %(default)s")
    parser.add_argument("--tasks", type=int, default=TASKS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="of the world and the moments; default: %(default)s")
    parser.add_argument("--worker", action="store_true", help="kill `manage.py worker` instead of `pull_tasks`")
    options = parser.parse_args(arguments)
    dice = random.Random(options.seed)
    with SandboxServer(tasks=options.tasks, seed=options.seed, now=WORLD_ENDS) as sandbox:
        trial = Trial(sandbox, LOGS / "kills", WORKER if options.worker else PULL)
        calls_a_life = options.tasks / PAGE_ROWS / (options.kills + 1)
        for _ in range(options.kills):
            trial.kill_after(dice.randint(1, round(2 * calls_a_life)), dice.uniform(0, LONGEST_NAP_SECONDS))
            if trial.is_done():
                break
        trial.finish()
        wrong, again = trial.wrong + trial.differences(), trial.read_again()
    print(
        f"{trial.kills} kills of {trial.lives} lives over {len(trial.truth.digests):,} tasks: {len(wrong)} wrong. "
        f"{trial.calls:,} calls, at least {options.tasks // PAGE_ROWS:,} needed. "
        f"A resumed fill read {max(again, default=0)} tasks at most that were there already."
    )
    for each in wrong[:20]:
        print(each)
    return 1 if wrong or trial.kills < options.kills else 0
