"""What webhook calls are measured with: Tela's stand-in, a filled mirror, the product's worker, and what may be killed.

Django is set up already where this is imported.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from telareview.accounts.models import Workspace
from telareview.demo.children import Child, spawn
from telareview.demo.postgres import free_port
from telareview.sandbox.apps import APPS
from telareview.sync.connection import tela_client
from telareview.sync.pull import pull_tasks
from telareview.tela import Secret, TelaClient
from telareview.tela.subscriptions import EVENTS, create_subscription, list_subscriptions, remove_subscription
from tests.bench.mirrors import FOLDER, ROOT
from tests.bench.web import Web
from tests.sync.webhook_calls import SECRET

KEY = "a-key-for-the-benchmark"
SLUG = "acme"
PATH = f"/webhooks/tela/{SLUG}/"
TASKS = 1_000
KILL_SECONDS, KILL_EVERY_SECONDS = 20, 2


@contextmanager
def own_sandbox() -> Iterator[str]:
    """Tela's stand-in in a process of its own. Its clock goes on, but nothing lives by itself: each change is ours."""
    port = free_port()
    child = spawn(
        "sandbox",
        [
            *(sys.executable, "-u", "-m", "telareview.sandbox", "--port", str(port), "--key", KEY),
            *("--tasks", str(TASKS), "--calm", "--with-parent"),
        ],
        log=FOLDER / "logs" / f"sandbox-{port}.log",
        cwd=ROOT,
        env=dict(os.environ),
    )
    try:
        while "listening" not in child.last_words():
            if not child.alive:
                raise RuntimeError(f"The sandbox did not start; see {child.log}.")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.stop(seconds=5)


def receiver(address: str, key: str) -> Workspace:
    """A workspace of the sandbox's, filled."""
    workspace = Workspace(slug=SLUG, name="Acme", api_url=address)
    workspace.set_api_key(key)
    workspace.set_webhook_secret(SECRET)
    workspace.save()
    with tela_client(workspace) as client:
        pull_tasks(workspace, client, connections=1)
    return workspace


def subscribe(tela: TelaClient, web: Web) -> None:
    """As `manage.py webhooks register` does, without its switch."""
    for app in APPS:
        address, headers = f"http://127.0.0.1:{web.port}{PATH}", {"X-Telareview-Secret": Secret(SECRET)}
        create_subscription(tela, UUID(app.id), name="bench", url=address, events=EVENTS, headers=headers)


def unsubscribe(tela: TelaClient) -> None:
    for app in APPS:
        for each in list_subscriptions(tela, UUID(app.id)):
            remove_subscription(tela, each.id)


class Worker:
    """The product's worker. The periodic pull is kept out of the way: it would bring the news as well."""

    def __enter__(self) -> "Worker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop(seconds=10)

    def start(self) -> None:
        self.child: Child = spawn(
            "worker",
            [sys.executable, str(ROOT / "manage.py"), "worker", "--every", "3600"],
            log=FOLDER / "logs" / "worker.log",
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "telareview.settings"},
        )


class Killer:
    """Kills a web worker every two seconds, and the background worker once, which is then started again."""

    def __init__(self, web: Web, worker: Worker) -> None:
        self.web, self.worker = web, worker
        self.next = float(KILL_EVERY_SECONDS)
        self.worker_killed = False

    def at(self, elapsed: float) -> None:
        if elapsed >= self.next:
            self.next += KILL_EVERY_SECONDS
            os.kill(self.web.workers()[0], signal.SIGKILL)
        if elapsed >= KILL_SECONDS / 2 and not self.worker_killed:
            self.worker_killed = True
            os.kill(self.worker.child.process.pid, signal.SIGKILL)
            self.worker.child.process.wait()
            self.worker.start()


def closest_questions(workspace: Workspace) -> float | None:
    """Seconds between the two questions about one task that came closest; None when none was asked for twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM min(gap)) FROM (SELECT asked_at - lag(asked_at) OVER"
            " (PARTITION BY task_id ORDER BY asked_at) AS gap FROM (SELECT DISTINCT task_id, asked_at"
            " FROM sync_delivery WHERE workspace_id = %s AND asked_at IS NOT NULL) AS questions) AS gaps",
            [workspace.pk],
        )
        (gap,) = cursor.fetchone()
    return None if gap is None else float(gap)


def doubled(workspace: Workspace) -> int:
    """Versions that tell the same state as the one before them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT content_hash = lag(content_hash) OVER"
            " (PARTITION BY task_id ORDER BY number) AS same FROM tasks_taskversion WHERE workspace_id = %s) AS pairs"
            " WHERE same",
            [workspace.pk],
        )
        return int(cursor.fetchone()[0])
