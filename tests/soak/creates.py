"""`./run soak creates [--tasks N] [--seed N]`: creates while a fifth of the answers is lost and a tenth is 500.

Every task is posted by itself, so that each can be lost. In the end each exists in Tela exactly once, stands in the
mirror, and is named by exactly one record of what was sent.
"""

import argparse
import json
import time
from collections import Counter
from uuid import UUID

from telareview.accounts.models import Person
from telareview.accounts.workspaces import ensure_default_workspace
from telareview.review import lost
from telareview.review.drafts import start_batch
from telareview.review.marker import PREFIX, new_marker
from telareview.review.models import Batch, BatchRow, OutgoingAction
from telareview.review.sending import send_batch
from telareview.sandbox import SandboxServer
from telareview.sandbox.apps import INVOICES
from telareview.sync.connection import writing_client
from telareview.tasks.models import Task
from telareview.tela import TaskQuery, TelaClient

TASKS, SEED = 1_000, 7
#: Drawn evenly: two of three lose the answer of what was done, one does nothing.
FAULTS, RATE = ("cut", "reset", "500"), 0.3
#: The stand-in has done or not done it at once; a real Tela is given longer.
SETTLE_SECONDS = 0.2


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser("creates")
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args(options)
    lost.SETTLE_SECONDS = SETTLE_SECONDS
    with SandboxServer(tasks=20, calm=True, run_seconds=0.1) as sandbox:
        batch = _batch(sandbox, chosen.tasks)
        sandbox.faults.switch(RATE, FAULTS, chosen.seed)
        began = time.monotonic()
        turns = _send(batch)
        seconds = time.monotonic() - began
        happened = Counter(sandbox.faults.happened)
        sandbox.faults.clear()
        posts = sum(1 for request in sandbox.requests if request.method == "POST")
        print(f"{chosen.tasks} tasks in {seconds:.0f} s and {turns} turns, {posts} posts; faults: {dict(happened)}")
        return _judge(sandbox, batch, chosen.tasks)


def _batch(sandbox: SandboxServer, count: int) -> Batch:
    from django.conf import settings

    settings.TELA_ALLOW_WRITES = True
    workspace = ensure_default_workspace()
    workspace.api_url, workspace.allow_writes = sandbox.url, True
    workspace.set_api_key(sandbox.key)
    workspace.save()
    person = Person.objects.create_user("soak@localhost")
    batch = start_batch(workspace, person, UUID(INVOICES.id))
    file = {"file_url": "https://files.example/a.pdf"}
    BatchRow.objects.bulk_create(
        BatchRow(
            batch=batch,
            number=number,
            name=f"{number}.pdf",
            variables=json.dumps({"document": file}),
            state=BatchRow.State.WAITING,
            marker=new_marker(),
        )
        for number in range(1, count + 1)
    )
    return batch


def _send(batch: Batch) -> int:
    """As a worker does it, until nothing is left; a batch that stopped is gone on with, as a person would."""
    for turn in range(1, 50):
        with writing_client(batch.workspace, hurried=False) as client:
            send_batch(batch, client, batch.person, at_once=1)
        batch.refresh_from_db()
        if batch.state == Batch.State.ENDED:
            return turn
    return 50


def _judge(sandbox: SandboxServer, batch: Batch, count: int) -> int:
    with TelaClient(sandbox.url, sandbox.key) as tela:
        query = TaskQuery(prompt_application_id=batch.application_id, order_by="createdAt")
        marks = Counter(tag for task in tela.iter_tasks(query) for tag in task.tags if tag.startswith(PREFIX))
    ids = [task for task in batch.rows.values_list("task_id", flat=True) if task is not None]
    made = Counter(task for action in OutgoingAction.objects.all() for task in action.made_task_ids)
    wrong = {
        "missing in Tela": count - len(marks),
        "twice in Tela": sum(number - 1 for number in marks.values()),
        "rows without a task": count - len(set(ids)),
        "missing in the mirror": count - Task.objects.filter(task_id__in=ids).count(),
        "not named by exactly one record": sum(made[task] != 1 for task in ids),
        "records without an outcome": OutgoingAction.objects.filter(outcome__in=["", "lost"]).count(),
    }
    outcomes = dict(Counter(OutgoingAction.objects.values_list("outcome", flat=True)))
    print(f"records: {outcomes}; " + "; ".join(f"{what}: {number}" for what, number in wrong.items()))
    return int(any(wrong.values()))
