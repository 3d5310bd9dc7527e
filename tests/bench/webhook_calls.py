"""Webhook calls, measured: `python -m tests.bench.webhook_calls storm N | live SECONDS`, which prints JSON.

DATABASE_URL names an empty mirror. `storm` sends N calls of every kind in this process. `live` starts gunicorn and a
worker as the product does, lets the sandbox deliver its events to them, and then calls at a steady rate from outside,
also while servers and worker are killed.
"""

import http.client
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from uuid import UUID

import django

django.setup()

from django.db import connections  # noqa: E402 - needs the settings that setup() reads
from django.test.utils import setup_test_environment  # noqa: E402

from telareview.sandbox import SandboxServer  # noqa: E402
from telareview.sync.claims import SPACING  # noqa: E402
from telareview.sync.models import Delivery  # noqa: E402
from telareview.tasks.models import Task  # noqa: E402
from telareview.tela import TelaClient, WritingClient  # noqa: E402
from tests.bench.mirrors import say  # noqa: E402
from tests.bench.web import Web, web_server  # noqa: E402
from tests.bench.webhook_world import (  # noqa: E402
    KEY,
    KILL_SECONDS,
    PATH,
    Killer,
    Worker,
    closest_questions,
    doubled,
    own_sandbox,
    receiver,
    subscribe,
    unsubscribe,
)
from tests.sync.webhook_calls import SECRET, event  # noqa: E402
from tests.sync.webhook_storm import Storm  # noqa: E402

SEED = 20261123
RATE = 50
#: Beside the calls, so that what the machine itself costs at the time is known.
CONTROLS_A_SECOND = 5
#: Events that the sandbox delivers, and how many of them a second.
CHANGES, CHANGES_A_SECOND = 150, 5
#: Between two looks into the mirror.
GLANCE_SECONDS = 0.01
DRAIN_SECONDS = 180
CALLERS = 24


@dataclass
class Calls:
    """What a stretch of calls was answered."""

    #: From the moment a call was due to the end of its answer: a server that falls behind cannot hide it.
    milliseconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)

    #: Of `GET /healthz` in the same seconds.
    controls: list[float] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {**spread(self.milliseconds), "statuses": self.statuses, "control": spread(self.controls)}


def storm(calls: int) -> dict[str, Any]:
    setup_test_environment()
    with SandboxServer(tasks=150, seed=4) as sandbox, SandboxServer(tasks=30, seed=99) as theirs:
        workspace = receiver(sandbox.url, sandbox.key)
        foreign = [task_id for task_id in theirs.world.ids() if sandbox.world.live(task_id) is None]
        report = Storm(workspace, sandbox, foreign, SEED).rage(calls)
        return {
            "calls": report.calls,
            "statuses": dict(sorted(report.statuses.items())),
            "kinds": dict(report.kinds),
            "questions": report.questions,
            "stored": report.stored,
            "changes": report.changes_by_webhook,
            "foreign questions": len(theirs.requests),
            "wrongs": report.wrongs,
        }


def live(seconds: int) -> dict[str, Any]:
    with own_sandbox() as address:
        workspace = receiver(address, KEY)
        with web_server("") as web, Worker() as worker, WritingClient(address, KEY, allowed=True) as tela:
            subscribe(tela, web)
            say(f"{CHANGES} changes in Tela, delivered by it …")
            visible = deliver(tela)
            unsubscribe(tela)
            say(f"{RATE} calls a second for {seconds} s …")
            steady = call(web, seconds, "steady", lambda _elapsed: None)
            drained = drain()
            say(f"The same for {KILL_SECONDS} s while processes are killed …")
            killed = call(web, KILL_SECONDS, "killed", Killer(web, worker).at)
            drained_after_kills = drain()
        return {
            "visible": {**spread(visible), "calls": len(visible), "missing": CHANGES - len(visible)},
            "steady": {**steady.told(), "lost": lost(steady), "drained": drained},
            "killed": {**killed.told(), "lost": lost(killed), "drained": drained_after_kills},
            "closest questions": closest_questions(workspace),
            "doubled": doubled(workspace),
        }


def deliver(tela: TelaClient) -> list[float]:
    """Milliseconds from each change in Tela to its being in the mirror."""
    waiting = Task.objects.filter(status="validating", prompt_application_id__isnull=False)
    ids = list(waiting.order_by("task_id").values_list("task_id", flat=True)[:CHANGES])
    changed: dict[UUID, float] = {}
    seen: dict[UUID, float] = {}
    began = time.monotonic()
    while len(seen) < len(ids) and time.monotonic() < began + CHANGES / CHANGES_A_SECOND + 30:
        due = ceil((time.monotonic() - began) * CHANGES_A_SECOND)
        for task_id in ids[len(changed) : due]:
            tela.request("PATCH", f"/task/{task_id}", body={"status": "completed"})
            changed[task_id] = time.monotonic()
        open_ids = [task_id for task_id in changed if task_id not in seen]
        for found in Task.objects.filter(task_id__in=open_ids, status="completed").values_list("task_id", flat=True):
            seen[found] = time.monotonic()
        time.sleep(GLANCE_SECONDS)
    return [(seen[task_id] - changed[task_id]) * 1000 for task_id in seen]


def call(web: Web, seconds: int, name: str, meanwhile: Callable[[float], None]) -> Calls:
    """Calls at a steady rate, each on a connection of its own, as a sender would open it."""
    ids = [str(task_id) for task_id in Task.objects.values_list("task_id", flat=True)]
    dice = random.Random(SEED)
    bodies = [
        event(dice.choice(ids), dice.choice(["task.approved", "task.completed"]), number, id=f"{name}-{number}")
        for number in range(RATE * seconds)
    ]
    calls = Calls()
    began = time.monotonic() + 0.5
    with ThreadPoolExecutor(CALLERS) as callers, ThreadPoolExecutor(2) as controllers:
        answers = [callers.submit(call_at, web.port, began + number / RATE, body) for number, body in enumerate(bodies)]
        controls = [
            controllers.submit(call_at, web.port, began + number / CONTROLS_A_SECOND, None)
            for number in range(CONTROLS_A_SECOND * seconds)
        ]
        while (elapsed := time.monotonic() - began) < seconds:
            meanwhile(elapsed)
            time.sleep(0.1)
        for number, answer in enumerate(answers):
            milliseconds, status = answer.result()
            calls.milliseconds.append(milliseconds)
            calls.statuses[status] = calls.statuses.get(status, 0) + 1
            if status in ("200", "202"):
                calls.acknowledged.append(f"{name}-{number}")
        calls.controls = [control.result()[0] for control in controls]
    return calls


def call_at(port: int, due: float, body: bytes | None) -> tuple[float, str]:
    """Milliseconds from the moment it was due, and the status: of a webhook call, or without a body of `/healthz`."""
    time.sleep(max(0.0, due - time.monotonic()))
    sender = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        if body is None:
            sender.request("GET", "/healthz")
        else:
            headers = {"X-Telareview-Secret": SECRET, "Content-Type": "application/json"}
            sender.request("POST", PATH, body, headers)
        response = sender.getresponse()
        response.read()
        status = str(response.status)
    except (OSError, http.client.HTTPException):
        status = "no answer"
    finally:
        sender.close()
    return (time.monotonic() - due) * 1000, status


def drain() -> float | None:
    """Seconds until every stored call is processed; None when that takes too long."""
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_SECONDS:
        if not Delivery.objects.filter(processed_at=None).exists():
            return time.monotonic() - began
        time.sleep(0.2)
    return None


def lost(calls: Calls) -> int:
    """Acknowledged calls that are not stored."""
    kept = set(Delivery.objects.values_list("event_id", flat=True))
    return len(set(calls.acknowledged) - kept)


def spread(milliseconds: list[float]) -> dict[str, float]:
    ranked = sorted(milliseconds) or [float("inf")]

    def rank(share: float) -> float:
        return ranked[ceil(share * len(ranked)) - 1]

    return {"p50": rank(0.5), "p95": rank(0.95), "p99": rank(0.99), "most": ranked[-1]}


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        yield
    finally:
        connections.close_all()


if __name__ == "__main__":
    with _quiet():
        told = {"storm": storm, "live": live}[sys.argv[1]](int(sys.argv[2]))
    print(json.dumps({**told, "spacing": SPACING.total_seconds()}))
