"""`./run soak kills [--kills N] [--tasks N]`: `kill -9` at random moments of a first fill over HTTP.

Each life of the pulling process is ended behind a random call and a random few milliseconds. After each, no window may
claim more than the mirror holds; in the end the mirror must equal the source, with nothing told twice.
"""

import argparse
import bisect
import datetime as dt
import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import requests
import simplejson

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.sandbox import SandboxServer
from telareview.sync.models import BackfillWindow, Bookmark, SyncRun
from telareview.sync.walk import PAGE_ROWS
from telareview.tasks.models import Task, TaskVersion
from tests.bench.mirrors import ROOT
from tests.soak.convergence import doubled_versions
from tests.soak.lives import Lives
from tests.soak.place import LOGS

KILLS, TASKS = 50, 100_000
WORLD_ENDS = "2026-06-01T00:00:00.000Z"
#: A kill falls at any point of the page's way into the mirror.
LONGEST_NAP_SECONDS = 0.08
PULL = ("pull_tasks", "--json")
WORKER = ("worker", "--every", "1")


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
        """How many tasks were created from `since` on and before `until`."""
        return bisect.bisect_left(self.created, until) - bisect.bisect_left(self.created, since)


def digest(raw: object) -> str:
    """Of a task's JSON in one spelling that is not the product's."""
    text = simplejson.dumps(raw, sort_keys=True, separators=(",", ":"), use_decimal=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Trial(Lives):
    """A frozen sandbox, and processes that pull it into this process's database. `logs` keeps what they print."""

    def __init__(self, sandbox: SandboxServer, logs: Path, command: Sequence[str] = PULL) -> None:
        super().__init__(sandbox, logs, (ROOT / "manage.py", *command))
        self.truth = Truth(sandbox)
        if command is WORKER:
            # `pull_tasks` makes it by itself.
            workspace = Workspace(slug=DEFAULT_SLUG, name="Killed", api_url=sandbox.url)
            workspace.set_api_key(sandbox.key)
            workspace.save()

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

    def claims_too_much(self) -> list[str]:
        """Windows whose position is ahead of the tasks that came with it.

        Of the moment itself it claims nothing: a walk proves what lies before the newest stamp it saw, and reads that
        stamp again. A page may end within a tie (two of 150 in 100,000), and a kill fall between its pages.
        """
        wrong = []
        for window in BackfillWindow.objects.exclude(position=None):
            assert window.position is not None
            there = self.truth.created_between(window.since, window.position)
            here = Task.objects.filter(created_at__gte=window.since, created_at__lt=window.position).count()
            if here < there:
                wrong.append(f"window {window} stands at {window.position} with {here} tasks of {there}")
        return wrong


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
