"""`./run soak reviewers [--tasks N] [--edits N]`: two reviewers in one queue, and random edits of random outputs.

No task may be approved twice and no edit overwritten; and after each edit Tela must hold what the form showed, field by
field, with the person's name beside every edit.
"""

import argparse
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.http import QueryDict

from telareview.accounts.models import Membership, Person, Workspace
from telareview.accounts.roles import Role
from telareview.review.draft import Draft
from telareview.review.models import OutgoingAction
from telareview.review.patch import same_json
from telareview.review.queue import Queue, claim_next
from telareview.review.refusals import NotReviewed, TakenAway
from telareview.review.reviewing import Wish, review_task
from telareview.sandbox import SandboxServer
from telareview.sync.connection import writing_client
from telareview.tasks.acts import Correctors, ReviewAct, acts_of
from telareview.tasks.change_table import change_table
from telareview.tasks.detail import TaskPage, find_version
from telareview.tasks.diff import Json
from telareview.tasks.filters import TaskFilter
from telareview.tasks.revision import compare, content_of
from tests.review.browser import sent_back
from tests.review.waiting import in_tela, waiting
from tests.sync.tela import connect

TASKS, EDITS = 500, 1_000
UTC = ZoneInfo("UTC")


@dataclass
class Count:
    """What two reviewers did together."""

    approved: Counter[UUID] = field(default_factory=Counter)
    edited: dict[UUID, str] = field(default_factory=dict)
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def review_together(workspace: Workspace, people: list[Person], task_filter: TaskFilter) -> Count:
    """Both work through the queue at the same time, each with a client and a connection of their own."""
    count, together = Count(), threading.Barrier(len(people))

    def work(person: Person) -> None:
        dice = random.Random(person.email)
        try:
            together.wait()
            with writing_client(workspace) as client:
                while (task := claim_next(workspace, person, Queue(task_filter, 1, 0), UTC)) is not None:
                    found = find_version(workspace, task.task_id, None)
                    seen = TaskPage(*found, TaskFilter(), "").record if found else None
                    if seen is None:
                        continue
                    content: Any = content_of(seen.output_content)
                    mark = f"{person.email} {dice.random()}"
                    edits = dice.random() < 0.5
                    wish = Wish(seen, {**content, "cliente": mark}, True) if edits else Wish(seen, approve=True)
                    try:
                        done = review_task(client, workspace, person, wish)
                    except NotReviewed:
                        with count.lock:
                            count.refused += 1
                        continue
                    with count.lock:
                        count.approved[task.task_id] += not done.again
                        if edits:
                            count.edited[task.task_id] = mark
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(work, people))
    return count


def wrong_together(workspace: Workspace, sandbox: SandboxServer, count: Count, tasks: int) -> list[str]:
    """Sentences about tasks approved twice or not at all, and about edits that are not what Tela holds."""
    approvals = Counter(
        OutgoingAction.objects.filter(workspace=workspace, act="approve").values_list("task_id", flat=True)
    )
    wrong = [f"{task} was approved {times} times" for task, times in approvals.items() if times != 1]
    wrong += [f"{task} counts {times} approvals" for task, times in count.approved.items() if times != 1]
    if len(count.approved) != tasks:
        wrong.append(f"{len(count.approved)} of {tasks} tasks were approved")
    for task, mark in count.edited.items():
        held: Any = content_of(in_tela(sandbox, task).output_content)
        if held["cliente"] != mark:
            wrong.append(f"{task} holds {held['cliente']!r}, not {mark!r}")
    return wrong


def random_json(dice: random.Random, depth: int = 0) -> Json:
    """An output such as a Canvas makes: fields, lists of objects, numbers with their digits, text of any kind."""
    if depth < 3 and dice.random() < 0.45:
        if dice.random() < 0.6:
            names = ["total", "itens", "cliente", "a.b", "código", "x y", "0", "n"]
            return {key: random_json(dice, depth + 1) for key in dice.sample(names, dice.randint(0, 5))}
        return [random_json(dice, depth + 1) for _ in range(dice.randint(0, 4))]
    number = Decimal(f"{dice.randint(0, 999)}.{dice.randint(0, 99):02d}")
    texts = ["", "Acme\nBrasil", "linha\r\nlinha", "R$ 1.234,56", "<b>&\"'</b>", "\u202etxt", "\x07", "naïve 🙂"]
    return dice.choice([None, True, False, dice.randint(-(10**18), 10**18), number, *texts])


def edit_form(form: dict[str, str], dice: random.Random) -> dict[str, str]:
    """Some fields of a form typed over, kinds changed with them."""
    edited = dict(form)
    places = [name[1:] for name, kind in form.items() if name.startswith("t") and kind not in {"object", "list"}]
    for place in dice.sample(places, min(len(places), dice.randint(1, 3))):
        kind, text = dice.choice(
            [
                ("text", f"typed {dice.randint(0, 10**9)}\r\nhere"),
                ("number", f"{dice.randint(0, 10**20)}.{dice.randint(0, 99):02d}"),
                ("number", str(dice.randint(-99, 10**25))),
                ("true", ""),
                ("null", ""),
                ("json", '{"new": [1, 2.50]}'),
            ]
        )
        edited |= {f"t{place}": kind, f"v{place}": text}
    return edited


def edit_at_random(workspace: Workspace, sandbox: SandboxServer, person: Person, edits: int, seed: int) -> list[str]:
    """Each a random output, edited through its form, written and compared; sentences about what was not right."""
    dice = random.Random(seed)
    outputs = [{"campo": random_json(dice), **_fields(dice)} for _ in range(edits)]
    wrong: list[str] = []
    nothing = 0
    with writing_client(workspace) as client:
        for seen in waiting(workspace, sandbox, *outputs):
            content = content_of(seen.output_content)
            sent = QueryDict(mutable=True)
            sent.update(_reshaped(edit_form(sent_back(Draft.of(content)), dice), content, dice))
            draft = Draft.sent(QueryDict(sent.urlencode()).dict(), content)
            shown = draft.value()
            if draft.mistakes():
                wrong.append(f"{seen.id}: {draft.mistakes()}")
                continue
            try:
                done = review_task(client, workspace, person, Wish(seen, shown))
            except TakenAway as refused:
                wrong.append(f"{seen.id}: {refused}")
                continue
            held = content_of(in_tela(sandbox, seen.id).output_content)
            if not same_json(held, shown):
                wrong.append(f"{seen.id} holds {held!r}, the form showed {shown!r}")
            if not done.corrected:
                nothing += 1
                continue
            wrong += _unnamed(workspace, done.record.id, person)
    print(f"{edits:,} edits, {nothing} of them changed nothing.")
    return wrong


def _fields(dice: random.Random) -> dict[str, Json]:
    return {"valor": Decimal("10.50"), "linhas": [{"n": dice.randint(0, 9)} for _ in range(dice.randint(1, 4))]}


def _reshaped(form: dict[str, str], content: Json, dice: random.Random) -> dict[str, str]:
    """Now and then an item more or less, as the buttons of the page do it."""
    draft = Draft.sent(form, content)
    if dice.random() < 0.3:
        draft.remove("/linhas/0")
    elif dice.random() < 0.3:
        made = draft.add("/linhas")
        for child in made.children:
            child.kind, child.text = "number", "7.70"
    return sent_back(draft)


def _unnamed(workspace: Workspace, task_id: UUID, person: Person) -> list[str]:
    """Edits that the Changes tab shows without the person."""
    found = find_version(workspace, task_id, None)
    record = TaskPage(*found, TaskFilter(), "").record if found else None
    if record is None:
        return [f"{task_id} is not in the mirror"]
    revision = compare(record.original_output_content, record.output_content, record.edited_fields)
    table = change_table(revision, content_of(record.output_content), Correctors.among(acts_of(workspace, task_id)))
    return [f"{task_id} {row.path} names {row.person or 'nobody'}" for row in table.rows if row.person != person.email]


def world(workspace: Workspace, sandbox: SandboxServer) -> list[Person]:
    """The workspace may write, and two people may approve in it."""
    settings.TELA_ALLOW_WRITES = True
    workspace.allow_writes = True
    connect(workspace, sandbox)
    people = [Person.objects.create_user(f"{name}@{workspace.slug}.example", "x" * 20) for name in ("rui", "eva")]
    for person in people:
        Membership.objects.create(person=person, workspace=workspace, role=Role.REVIEWER)
    return people


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("./run soak reviewers", description="Two reviewers in one queue; random edits.")
    parser.add_argument("--tasks", type=int, default=TASKS, help="default: %(default)s")
    parser.add_argument("--edits", type=int, default=EDITS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    options = parser.parse_args(arguments)
    workspace = Workspace.objects.create(slug="reviewers", name="Reviewers")
    with SandboxServer(tasks=0, calm=True) as sandbox:
        people = world(workspace, sandbox)
        waiting(workspace, sandbox, *[{"cliente": "Acme", "n": number} for number in range(options.tasks)])
        count = review_together(workspace, people, TaskFilter(order_by="createdAt", order="asc"))
        wrong = wrong_together(workspace, sandbox, count, options.tasks)
        shares = Counter(ReviewAct.objects.filter(what="approved").values_list("person_email", flat=True))
        print(
            f"{len(count.approved)} of {options.tasks} tasks approved by two reviewers ({dict(shares)}), "
            f"{sum(times > 1 for times in count.approved.values())} twice, {len(count.edited)} edited, "
            f"{count.refused} refused."
        )
        wrong += edit_at_random(workspace, sandbox, people[0], options.edits, options.seed)
    for each in wrong[:20]:
        print(each)
    print(f"{len(wrong)} wrong.")
    return 1 if wrong else 0
