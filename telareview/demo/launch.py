"""The start-up that `demo` and `serve` share: web server, first fill with its progress, worker."""

import http.client
import json
import os
import socket
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn, Self

from django.db import connections
from django.utils import timezone
from tqdm import tqdm

from telareview.accounts.models import Workspace
from telareview.demo.area import BASE_DIR, Area, World
from telareview.demo.children import Child, spawn
from telareview.demo.local import Surroundings
from telareview.demo.postgres import is_free
from telareview.demo.supervisor import GLANCE_SECONDS, Supervisor
from telareview.sync.models import BackfillWindow, SyncRun

LOOPBACK = "127.0.0.1"
#: Where to reach a server that listens on every address of the machine.
NEAR = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104  # nosec B104 - looked up, not bound
DEFAULT_PORT = 8000
HIGHEST_PORT = 65535
PORTS_TO_TRY = 100
ANSWER_SECONDS = 2
#: Between two plain progress lines, where there is no terminal to draw a bar on.
LINE_SECONDS = 5


class Launch:
    """Starts the parts one by one under one supervisor; `stop` ends them all."""

    def __init__(self, here: Surroundings, say: Callable[[str], None]) -> None:
        self.area: Area = here.area
        self.say = say
        self.supervisor = Supervisor(say)
        if here.server and here.server.child:
            self.supervisor.watch(here.server.child)

    def start_sandbox(self, world: World) -> None:
        # `-u`: what it says must be in the log when it is killed.
        self.supervisor.add(
            self._python(
                "sandbox",
                *("-u", "-m", "telareview.sandbox", "--port", world.port, "--key", world.key, "--tasks", world.tasks),
                *("--state", self.area.folder / "sandbox.jsonl", "--alive", "--with-parent"),
            )
        )

    def wait_for_sandbox(self, world: World) -> None:
        self.supervisor.wait(lambda: _listens(world.port))

    def start_web(self, host: str, port: int) -> None:
        bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.supervisor.add(
            self._python(
                "web server",
                *("-m", "gunicorn", "--config", "python:telareview.demo.gunicorn", "--bind", bind),
                *("--worker-tmp-dir", self.area.folder),
            )
        )

    def wait_for_web(self, host: str, port: int) -> str:
        """The address at which it answers."""
        near = NEAR.get(host, host)
        self.supervisor.wait(lambda: _answers(near, port))
        return f"http://{f'[{near}]' if ':' in near else near}:{port}/"

    def fill(self, workspace: Workspace) -> None:
        """Pulls once and shows how far it is. What stops it is said; the worker tries again."""
        progress = _Progress(workspace, self.say)
        child = self._manage("pull", "pull_tasks", "--json")
        try:
            with progress:
                while child.alive:
                    self.supervisor.look()
                    progress.show()
                    time.sleep(GLANCE_SECONDS)
        finally:
            child.stop(seconds=5)
        if child.process.returncode != 0:
            self.say(f"The first pull is not whole: {_error_in(child)} The worker goes on with it.")

    def start_worker(self) -> None:
        self.supervisor.add_restarted(lambda: self._manage("worker", "worker"))

    def run(self) -> None:
        """Until a signal. Raises ChildDied when a part that nothing works without is gone."""
        connections.close_all()
        self.supervisor.wait()

    def stop(self) -> None:
        self.supervisor.stop()

    def _manage(self, name: str, *words: str) -> Child:
        return self._python(name, BASE_DIR / "manage.py", *words)

    def _python(self, name: str, *words: object) -> Child:
        return spawn(
            f"The {name}",
            [sys.executable, *(str(word) for word in words)],
            log=self.area.logs / f"{name.replace(' ', '-')}.log",
            cwd=BASE_DIR,
            env=_environment(),
        )


def _environment() -> dict[str, str]:
    """What a part is told: everything but how to reach the database as the owner of its tables."""
    return {**{name: os.environ[name] for name in os.environ if name != "DATABASE_OWNER_URL"}, "PYTHONUNBUFFERED": "1"}


def port_number(text: str) -> int:
    """For argparse. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise ArgumentTypeError(f"{text!r} is no port: it must be a number from 1 to {HIGHEST_PORT}")
    return int(text)


def choose_port(host: str, wanted: int | None, *, or_next: bool) -> int | None:
    """`wanted`, or the default port, or with `or_next` the first free one after it; None where that is taken."""
    if wanted is not None:
        return wanted if is_free(wanted, host) else None
    ports = range(DEFAULT_PORT, DEFAULT_PORT + (PORTS_TO_TRY if or_next else 1))
    return next((port for port in ports if is_free(port, host)), None)


class _Progress:
    """How far the first fill is: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, workspace: Workspace, say: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._say = say
        self._before = _last_run_id(workspace)
        # Hidden (`disable=None`) where stderr is no terminal.
        self._bar: tqdm[NoReturn] = tqdm(
            desc="Fetching tasks",
            total=100,
            disable=None,
            leave=False,
            bar_format="{desc} |{bar}| {percentage:3.0f} %{postfix}",
        )
        self._said_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self) -> None:
        run = SyncRun.objects.filter(workspace=self._workspace, pk__gt=self._before).order_by("-pk").first()
        if run is None:
            return
        windows = [_share(window) for window in BackfillWindow.objects.filter(workspace=self._workspace)]
        share = sum(windows) / len(windows) if windows else 0
        self._bar.n = round(share * 100)
        self._bar.set_postfix_str(f"{run.fetched:,} tasks")
        if self._bar.disable and time.monotonic() - self._said_at >= LINE_SECONDS:
            self._say(f"Fetching tasks: {share:.0%}, {run.fetched:,} tasks")
            self._said_at = time.monotonic()


def _share(window: BackfillWindow) -> float:
    """How much of its stretch of time is walked: 0 to 1."""
    if window.done or window.position is None:
        return float(window.done)
    until = window.until or timezone.now()
    return min(1.0, (window.position - window.since) / max(until - window.since, timedelta(seconds=1)))


def _last_run_id(workspace: Workspace) -> int:
    return SyncRun.objects.filter(workspace=workspace).order_by("-pk").values_list("pk", flat=True).first() or 0


def _error_in(child: Child) -> str:
    """The sentence in the JSON object that `pull_tasks --json` prints last, or where to look."""
    try:
        error = json.loads(child.last_words(lines=1))["error"]
    except (ValueError, KeyError, TypeError):
        error = None
    return str(error) if error else f"see {child.log}."


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
