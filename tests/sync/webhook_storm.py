"""Thousands of webhook calls, honest, lying, forged, repeated, late, too long, broken; and what must hold after them.

One seed makes one storm. Tela's side is the sandbox, whose every true state is written down as it comes about.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.accounts.models import Workspace
from telareview.sandbox import SandboxServer
from telareview.sandbox.errors import Refusal
from telareview.sandbox.wire import dumps
from telareview.sync import deliveries
from telareview.sync.claims import SPACING, Subject
from telareview.sync.models import Delivery
from telareview.sync.webhook import MAX_WEBHOOK_BYTES
from telareview.tasks.facts import content_hash
from telareview.tasks.models import Task, TaskVersion
from telareview.tela import TaskRecord, decode
from tests.sync.webhook_calls import ADDRESS, RUN_ENDED, RUN_ID, SECRET, bare_call, event

#: Besides these no call is ever answered otherwise.
ALLOWED = {200, 202, 400, 401, 404, 405, 413, 415, 429}
#: So many calls come between two turns of the worker.
CALLS_A_TURN = 10


@dataclass
class Report:
    """What happened, and every sentence about something that must not have."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    questions: int = 0
    stored: int = 0
    changes_by_webhook: int = 0
    wrongs: list[str] = field(default_factory=list)


class Storm:
    """Calls to one workspace, its worker, and a Tela that lives meanwhile."""

    def __init__(self, workspace: Workspace, sandbox: SandboxServer, foreign_ids: list[str], seed: int) -> None:
        self.workspace, self.world, self.foreign_ids = workspace, sandbox.world, foreign_ids
        self.dice = random.Random(seed)
        self.seed = seed
        self.report = Report()
        self.client = Client(raise_request_exception=False)
        self.now = timezone.now()
        #: Every state that each task ever truly had.
        self.truth: dict[UUID, set[bytes]] = defaultdict(set)
        self.asked: dict[UUID, list[dt.datetime]] = defaultdict(list)
        self.honest: list[bytes] = []
        self.held_back: list[bytes] = []
        self.acknowledged: dict[str, int] = {}
        self.number = 0
        self.ids = [task_id for task_id in self.world.ids() if self.world.card(task_id).app_id]
        for task_id in self.world.ids():
            self.write_down(task_id)

    def write_down(self, task_id: str) -> None:
        if self.world.live(task_id) is not None:
            self.truth[UUID(task_id)].add(self.true_state(task_id))

    def true_state(self, task_id: str) -> bytes:
        """The hash of the task as Tela has it now, through the same wire."""
        sent = TaskRecord.from_json(decode(dumps(self.world.task(task_id))))
        return content_hash(sent.canonical_json)

    # Calls, by kind.

    def news(self) -> None:
        """Something happens in Tela, and Tela says so: at once, later, or never."""
        task_id = self.live()
        happening = self.dice.choice((self.approve, self.revoke, self.edit, self.rename, self.arrive, self.delete))
        try:
            name, task_id = happening(task_id)
        except Refusal:
            # Tela refuses it too; then nothing happened, and nothing is told.
            return
        self.write_down(task_id)
        body = self.honest_event(task_id, name)
        self.honest.append(body)
        self.held_back.append(body)
        if self.dice.random() < 0.7:
            self.send("honest", body)

    def approve(self, task_id: str) -> tuple[str, str]:
        self.world.approve(task_id)
        return "task.approved", task_id

    def revoke(self, task_id: str) -> tuple[str, str]:
        self.world.revoke(task_id)
        return "task.approvalRevoked", task_id

    def edit(self, task_id: str) -> tuple[str, str]:
        self.world.edit(task_id, {"total": self.dice.randrange(10**6)})
        return "task.edited", task_id

    def rename(self, task_id: str) -> tuple[str, str]:
        self.world.rename(task_id, f"renamed {self.dice.random()}")
        return "task.renamed", task_id

    def arrive(self, _task_id: str) -> tuple[str, str]:
        task_id = self.world.arrive()
        self.write_down(task_id)
        self.world.finish(task_id)
        self.ids.append(task_id)
        return "task.completed", task_id

    def delete(self, task_id: str) -> tuple[str, str]:
        if self.dice.random() < 0.1:
            self.world.delete(task_id)
        return "task.deleted", task_id

    def run_ended(self) -> None:
        task_id = self.live()
        known = self.world.story(self.world.card(task_id)).run_id if self.dice.random() < 0.7 else None
        run_id = known or str(uuid4())
        self.send("run", RUN_ENDED.replace(str(RUN_ID).encode(), run_id.encode()))

    def replay(self) -> None:
        if self.honest:
            self.send("replayed", self.dice.choice(self.honest))

    def late(self) -> None:
        if self.held_back:
            self.send("late", self.held_back.pop(self.dice.randrange(len(self.held_back))))

    def lie(self) -> None:
        """The secret is right, every word about the task is wrong."""
        told = {"id": self.live(), "status": "completed", "approvedBy": "mallory@evil.example", "name": "Forged"}
        self.send("lying", self.honest_event(None, "task.approved", task=told, outputContent={"content": {"total": 1}}))

    def stranger(self) -> None:
        task_id = self.dice.choice([*self.foreign_ids, str(UUID(int=self.dice.getrandbits(128)))])
        self.send("foreign id", self.honest_event(task_id, "task.approved"))

    def forged(self) -> None:
        """An honest body without the right secret."""
        secret = self.dice.choice(["", SECRET[:-1], SECRET.upper(), "x" * 5000, "\x00", "é", SECRET + " x"])
        headers = self.dice.choice(
            [{"X-Telareview-Secret": secret}, {"Authorization": f"Bearer {secret}"}, {"Cookie": f"a={SECRET}"}, {}]
        )
        self.send("forged", self.honest_event(self.live(), "task.approved"), headers=headers)

    def malformed(self) -> None:
        body = self.honest_event(self.live(), "task.approved")
        place = self.dice.randrange(len(body))
        broken = self.dice.choice(
            [
                body[:place],
                body[:place] + self.dice.randbytes(self.dice.randrange(1, 9)) + body[place:],
                self.dice.randbytes(self.dice.randrange(300)),
                b"[" * self.dice.randrange(1, 200_000),
                b'{"task":' * self.dice.randrange(1, 60_000) + b"1",
                body.replace(b"evt-", b"\\u0000\\ud800evt-"),
                body.replace(b'"timestamp": "', b'"big": 1e999999999, "n": ' + b"9" * 10_000 + b', "timestamp": "'),
                body.decode().encode("utf-16"),
                gzip.compress(body),
                b"",
                b"\x00" * 40,
            ]
        )
        self.send("malformed", broken)

    def of_wrong_type(self) -> None:
        body = {key: self.anything(2) for key in ("id", "event", "timestamp", "task", "status", "raw_output", "taskId")}
        left = self.dice.sample(sorted(body), self.dice.randrange(1, len(body)))
        self.send("wrong type", json.dumps({key: body[key] for key in left}).encode())

    def oversized(self) -> None:
        body = b" " * self.dice.choice([MAX_WEBHOOK_BYTES + 1, 2_000_000, 10_000_000])
        environ = self.dice.choice(
            [
                {"CONTENT_LENGTH": str(len(body))},
                {"CONTENT_LENGTH": "9" * self.dice.randrange(8, 40)},
                {"HTTP_TRANSFER_ENCODING": "chunked"},
            ]
        )
        self.count("oversized", bare_call(body, **environ), body)

    def odd(self) -> None:
        """Another verb, another address, a body said to be what it is not or shorter than announced."""
        body = self.honest_event(self.live(), "task.approved")
        environ = self.dice.choice(
            [
                {"REQUEST_METHOD": self.dice.choice(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])},
                {"PATH_INFO": self.dice.choice(["/webhooks/tela/nobody/", "/webhooks/tela/a b/", "/webhooks/tela//"])},
                {"HTTP_CONTENT_ENCODING": self.dice.choice(["gzip", "br", "gzip, gzip"])},
                {"CONTENT_LENGTH": str(len(body) + self.dice.randrange(1, 1000))},
                {"CONTENT_LENGTH": str(self.dice.randrange(1, len(body)))},
            ]
        )
        status = bare_call(body, **{"CONTENT_LENGTH": str(len(body)), **environ})
        self.count("odd", status, body)

    # How they are sent and worked off.

    def send(self, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        headers = {"X-Telareview-Secret": SECRET} if headers is None else headers
        answer = self.client.post(ADDRESS, body, content_type="application/json", headers=headers)
        self.count(kind, answer.status_code, body)
        if answer.status_code in (200, 202):
            if kind == "forged":
                self.wrong(f"a forged call was answered {answer.status_code}")
            self.acknowledged[answer.json()["stored"]] = answer.status_code

    def count(self, kind: str, status: int, body: bytes) -> None:
        self.report.calls += 1
        self.report.kinds[kind] += 1
        self.report.statuses[status] += 1
        self.now += dt.timedelta(seconds=self.dice.random() / 10)
        if status not in ALLOWED:
            self.wrong(f"{kind} was answered {status}: {body[:200]!r}")

    def work(self) -> None:
        """Do the jobs that are due, as a worker would."""
        todo = ProcrastinateJob.objects.filter(status="todo", task_name="fetch_told_tasks").order_by("id")
        while job := todo.exclude(scheduled_at__gt=self.now).first():
            ProcrastinateJob.objects.filter(pk=job.pk)._raw_delete("default")
            deliveries.fetch_told_tasks(**job.args)

    def rage(self, calls: int) -> Report:
        kinds: dict[Callable[[], None], int] = {
            self.news: 20,
            self.replay: 12,
            self.late: 8,
            self.lie: 8,
            self.stranger: 8,
            self.forged: 12,
            self.malformed: 14,
            self.of_wrong_type: 6,
            self.run_ended: 5,
            self.odd: 6,
            self.oversized: 1,
        }
        with self._watched():
            while self.report.calls < calls:
                self.dice.choices(list(kinds), list(kinds.values()))[0]()
                if self.report.calls % CALLS_A_TURN == 0:
                    self.work()
            self._calm_down()
        self._judge()
        return self.report

    def _calm_down(self) -> None:
        """Whatever still waits is worked off, as it would be in the next minutes."""
        for _ in range(5):
            self.now += SPACING + dt.timedelta(seconds=60)
            deliveries.take_up_deliveries(0)
            self.work()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        ask = deliveries.ask

        def asked(client: Any, subjects: list[Subject]) -> Any:
            self.report.questions += 1
            for subject in subjects:
                if subject.task_id is not None:
                    self.asked[subject.task_id].append(self.now)
            return ask(client, subjects)

        with (
            patch.object(deliveries, "ask", asked),
            patch.object(deliveries, "close_old_connections"),
            patch("django.utils.timezone.now", lambda: self.now),
        ):
            yield

    # What must hold.

    def _judge(self) -> None:
        for version in TaskVersion.objects.filter(workspace=self.workspace).iterator():
            if bytes(version.content_hash) not in self.truth[version.task_id]:
                self.wrong(f"task {version.task_id} has a state that Tela never had: version {version.number}")
        self.report.changes_by_webhook = TaskVersion.objects.filter(
            workspace=self.workspace, learned_by="webhook"
        ).count()
        for card in Task.objects.of(self.workspace):
            if card.gone_at is not None:
                self.wrong(f"task {card.task_id} was taken for gone")
        foreign = Task.objects.of(self.workspace).filter(task_id__in=self.foreign_ids).count()
        if foreign:
            self.wrong(f"{foreign} tasks of another workspace came in")
        self._judge_stored()
        self._judge_spacing()
        self._judge_newest()

    def _judge_stored(self) -> None:
        kept = set(Delivery.objects.filter(workspace=self.workspace).values_list("event_id", flat=True))
        self.report.stored = len(kept)
        for event_id in set(self.acknowledged) - kept:
            self.wrong(f"{event_id} was acknowledged and is not stored")
        waiting = Delivery.objects.filter(workspace=self.workspace, processed_at=None).count()
        if waiting:
            self.wrong(f"{waiting} calls were never processed")

    def _judge_spacing(self) -> None:
        for task_id, moments in self.asked.items():
            for earlier, later in pairwise(moments):
                if later - earlier < SPACING:
                    self.wrong(f"task {task_id} was asked for twice within {later - earlier}")

    def _judge_newest(self) -> None:
        """Of every task the last call about which was honest and came after its last change, the mirror is right."""
        told = set(
            Delivery.objects.filter(workspace=self.workspace, task_id__isnull=False).values_list("task_id", flat=True)
        )
        never_told = {UUID(json.loads(body)["task"]["id"]) for body in self.held_back}
        for card in Task.objects.of(self.workspace).filter(task_id__in=told - never_told):
            if self.world.live(str(card.task_id)) is None:
                continue
            if bytes(card.content_hash) != self.true_state(str(card.task_id)):
                self.wrong(f"task {card.task_id} is not as Tela has it")

    def wrong(self, sentence: str) -> None:
        self.report.wrongs.append(f"seed {self.seed}: {sentence}")

    def live(self) -> str:
        while True:
            task_id = self.dice.choice(self.ids)
            if self.world.live(task_id) is not None and self.world.card(task_id).status not in ("created", "running"):
                return task_id

    def honest_event(self, task_id: str | None, name: str, **changes: Any) -> bytes:
        self.number += 1
        return event(task_id, name, self.number, **changes)

    def anything(self, depth: int) -> Any:
        leaves = [None, True, -1, 1.5, "", "text", "\x00\ud800", str(uuid4()), self.live(), "x" * 3000, "ção"]
        if depth == 0 or self.dice.random() < 0.6:
            return self.dice.choice(leaves)
        inner = [self.anything(depth - 1) for _ in range(self.dice.randrange(3))]
        return inner if self.dice.random() < 0.5 else dict(zip(["id", "content", "task"], inner, strict=False))
