"""The start-up that `demo` and `serve` share: web server, first fill with its progress, worker."""

import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from tqdm import tqdm

from telareview.accounts.models import Workspace
from telareview.demo.area import BASE_DIR, Area, World
from telareview.demo.children import Child, spawn
from telareview.demo.local import Surroundings
from telareview.demo.postgres import is_free
from telareview.demo.supervisor import Supervisor
from telareview.sync.models import SyncRun

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8000
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
        self.supervisor.wait(lambda: _listens(world.port))

    def start_web(self, host: str, port: int) -> str:
        """The address at which it answers."""
        bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.supervisor.add(
            self._python(
                "web server",
                *("-m", "gunicorn", "--config", "python:telareview.demo.gunicorn", "--bind", bind),
                *("--worker-tmp-dir", self.area.folder),
            )
        )
        near = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        self.supervisor.wait(lambda: _answers(near, port))
        return f"http://{f'[{near}]' if ':' in near else near}:{port}/"

    def fill(self, workspace: Workspace) -> None:
        """Pulls once and shows how far it is. What stops it is said; the worker tries again."""
        last = _last_run_id(workspace)
        child = self._manage("pull", "pull_tasks", "--json")
        try:
            with _Progress(self.say) as progress:
                self.supervisor.wait(lambda: _show(progress, workspace, last) or not child.alive)
                _show(progress, workspace, last)
        finally:
            child.stop(seconds=5)
        if child.process.returncode != 0:
            self.say(f"The first pull is not whole: {_error_in(child)} The worker goes on with it.")

    def start_worker(self) -> None:
        self.supervisor.add_restarted(lambda: self._manage("worker", "worker"))

    def run(self) -> None:
        """Until a signal. Raises ChildDied when a part that nothing works without is gone."""
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
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


def is_filled(workspace: Workspace) -> bool:
    """Whether a pull of this workspace ever came to its end."""
    return SyncRun.objects.filter(workspace=workspace, outcome=SyncRun.Outcome.COMPLETE).exists()


def choose_port(host: str, wanted: int | None, *, or_next: bool) -> int | None:
    """`wanted`, or the default port, or with `or_next` the first free one after it; None where that is taken."""
    if wanted is not None:
        return wanted if is_free(wanted, host) else None
    ports = range(DEFAULT_PORT, DEFAULT_PORT + (PORTS_TO_TRY if or_next else 1))
    return next((port for port in ports if is_free(port, host)), None)


class _Progress:
    """A bar on a terminal, a line now and then elsewhere."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._bar: tqdm[NoReturn] = tqdm(
            desc="Fetching tasks", unit=" tasks", disable=None, leave=False, dynamic_ncols=True, file=sys.stderr
        )
        self._said_at = time.monotonic()
        self._said = ""

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, fetched: int, expected: int | None) -> None:
        self._bar.total = max(expected, fetched) if expected else None
        self._bar.update(fetched - self._bar.n)
        self._bar.refresh()
        line = f"Fetching tasks: {fetched:,}" + (f" of {expected:,}" if expected else "")
        if self._bar.disable and line != self._said and time.monotonic() - self._said_at >= LINE_SECONDS:
            self._say(line)
            self._said, self._said_at = line, time.monotonic()


def _show(progress: _Progress, workspace: Workspace, after: int) -> bool:
    """Always False: the condition to wait for is another one."""
    run = SyncRun.objects.filter(workspace=workspace, pk__gt=after).order_by("-pk").first()
    if run:
        progress.show(run.fetched, run.expected)
    return False


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
