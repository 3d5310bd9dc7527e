"""`./run soak killed_writers [--kills N]`: `kill -9` of the worker while it creates tasks, and while it approves them.

Each life ends behind a random number of writes and a random few milliseconds; the next worker goes on by itself. In the
end each row is one task, each task is approved once and by the person who asked, and every record has its outcome.
"""

import argparse
import datetime as dt
import random
from collections import Counter
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from telareview.accounts.models import Membership, Person, Workspace
from telareview.accounts.roles import Role
from telareview.review import settling_jobs, unsettled
from telareview.review.acts import begin as begin_batch
from telareview.review.bulk import begin as begin_bulk
from telareview.review.bulk import select
from telareview.review.bulk_jobs import ask_for_approvals
from telareview.review.jobs import ask_for_sending
from telareview.review.models import Batch, BatchRow, BulkReview, BulkTask, OutgoingAction
from telareview.sandbox import SandboxServer
from telareview.sandbox.exchange import Request
from telareview.tasks.acts import ReviewAct
from telareview.tasks.filters import TaskFilter
from telareview.tasks.models import Task
from tests.review.batches import make_batch, marked
from tests.review.waiting import waiting
from tests.soak.lives import Lives
from tests.soak.place import LOGS
from tests.sync.tela import connect

KILLS, ROWS_A_KILL, TASKS_A_KILL = 25, 250, 12
#: A kill falls at any point of a write: before it leaves, on the way, before or after its answer is kept.
LONGEST_NAP_SECONDS = 0.06
WORKER = ("-m", "tests.soak.patient")
Outcome = OutgoingAction.Outcome


class Writers(Lives):
    """A workspace that may write, one person in it, and workers that are killed while they write."""

    def __init__(self, sandbox: SandboxServer, logs: Path) -> None:
        super().__init__(sandbox, logs, WORKER, TELA_ALLOW_WRITES="1")
        settings.TELA_ALLOW_WRITES = True
        self.workspace = Workspace(slug="default", name="Killed", allow_writes=True)
        connect(self.workspace, sandbox)
        self.person = Person.objects.create_user("rui@killed.example", "x" * 20)
        Membership.objects.create(person=self.person, workspace=self.workspace, role=Role.ADMIN)
        self.counted = lambda request: request.method in {"POST", "PATCH"}

    def is_done(self) -> bool:
        going = Batch.objects.filter(state=Batch.State.RUNNING)
        return not going.exists() and not BulkReview.objects.filter(ended_at=None).exists()

    def ask_for_tasks(self, count: int) -> Batch:
        batch = make_batch(self.workspace, self.person, count)
        begin_batch(batch, self.person, "")
        ask_for_sending(batch)
        return batch

    def ask_for_approvals(self, count: int) -> BulkReview:
        waiting(self.workspace, self.sandbox, *[{"cliente": f"Acme {number}"} for number in range(count)])
        everything, zone = TaskFilter(task_name="NF-"), ZoneInfo("UTC")
        selection = select(self.workspace, everything, zone)
        bulk = begin_bulk(self.workspace, self.person, "", selection, selection.mark)
        ask_for_approvals(bulk)
        return bulk

    def settle(self) -> None:
        """The worker's turns that come later, at once."""
        settling_jobs.LOOK_AFTER = dt.timedelta(0)
        settling_jobs.settle_changes.func(0)
        OutgoingAction.objects.filter(outcome="").update(sent_at=dt.datetime.now(dt.UTC) - 2 * unsettled.ENDED_AFTER)
        unsettled.close_unsent()

    def wrong_creations(self, batch: Batch) -> list[str]:
        """Sentences about rows that are not exactly one task, with its card and its record."""
        marks = marked(self.sandbox)
        rows = list(batch.rows.values_list("marker", "task_id", "state"))
        wrong = [f"{marker} stands on {marks[marker]} tasks" for marker, _task, _state in rows if marks[marker] != 1]
        wrong += [f"{marker} is {state}" for marker, _task, state in rows if state != BatchRow.State.CREATED]
        made = Counter(task for action in OutgoingAction.objects.filter(act="create") for task in action.made_task_ids)
        tasks = {task for _marker, task, _state in rows if task is not None}
        wrong += [f"{task} is named by {made[task]} records" for task in tasks if made[task] != 1]
        cards = Task.objects.filter(task_id__in=tasks).count()
        return wrong + ([] if cards == len(rows) else [f"{cards} cards of {len(rows)} rows"])

    def wrong_approvals(self, bulk: BulkReview) -> list[str]:
        """Sentences about tasks that were not approved once, in the person's name."""
        results = bulk.tasks.exclude(result=BulkTask.Result.APPROVED)
        wrong = [f"{each.task_id} is {each.result or 'waiting'}: {each.detail}" for each in results]
        arrived = Counter(_approved(request) for request in self.sandbox.requests if request.method == "PATCH")
        named = Counter(ReviewAct.objects.filter(what="approved").values_list("task_id", "person_email"))
        for task in bulk.tasks.values_list("task_id", flat=True):
            if arrived[task] != 1:
                wrong.append(f"{task} was approved {arrived[task]} times")
            if named[task, self.person.email] != 1:
                wrong.append(f"{task} is named {named[task, self.person.email]} times")
        return wrong

    def wrong_records(self) -> list[str]:
        open_ones = OutgoingAction.objects.filter(outcome__in=["", Outcome.UNTOLD]).exclude(act="upload")
        return [f"{action.act} {action.pk} ended {action.outcome or 'without an outcome'}" for action in open_ones]


def _approved(request: Request) -> UUID | None:
    return UUID(request.path.rpartition("/")[2]) if request.json() == {"status": "completed"} else None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("./run soak killed_writers", description="kill -9 of the worker while it writes.")
    parser.add_argument("--kills", type=int, default=KILLS, help="of each kind; default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="of the moments; default: %(default)s")
    options = parser.parse_args(arguments)
    dice, wrong = random.Random(options.seed), []
    with SandboxServer(tasks=0, calm=True, run_seconds=0.1) as sandbox:
        writers = Writers(sandbox, LOGS / "killed_writers")
        batch = writers.ask_for_tasks(options.kills * ROWS_A_KILL)
        for _ in range(options.kills):
            writers.kill_after(dice.randint(1, 4), dice.uniform(0, LONGEST_NAP_SECONDS))
        writers.finish()
        created = writers.kills
        sandbox.requests.clear()
        bulk = writers.ask_for_approvals(options.kills * TASKS_A_KILL)
        for _ in range(options.kills):
            writers.kill_after(dice.randint(1, 2 * TASKS_A_KILL - 2), dice.uniform(0, LONGEST_NAP_SECONDS))
        writers.finish()
        wrong += writers.wrong + writers.wrong_approvals(bulk)
        writers.settle()
        wrong += writers.wrong_creations(batch) + writers.wrong_records()
    outcomes = Counter(OutgoingAction.objects.values_list("act", "outcome"))
    said = ", ".join(f"{act} {outcome}: {number}" for (act, outcome), number in sorted(outcomes.items()))
    print(
        f"{created} kills while {batch.rows.count():,} tasks were created, {writers.kills - created} while "
        f"{bulk.tasks.count():,} were approved: {len(wrong)} wrong. Records: {said}."
    )
    for each in wrong[:20]:
        print(each)
    return 1 if wrong else 0
