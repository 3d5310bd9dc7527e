"""Processes of the product that are ended by `kill -9` at a chosen moment, and begin again."""

import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection

from telareview.demo.children import Child, spawn
from telareview.sandbox import SandboxServer
from telareview.sandbox.exchange import Request
from tests.bench.mirrors import ROOT, environment
from tests.soak.place import address

#: What PostgreSQL knows these processes by.
MORTAL = "telareview-mortal"
LIFE_SECONDS, DATABASE_SECONDS = 300, 30
LOOK_SECONDS = 0.02


class Lives:
    """Lives of one command over this process's database and a sandbox. `logs` keeps what they print."""

    def __init__(self, sandbox: SandboxServer, logs: Path, command: Sequence[str | Path], **more: str) -> None:
        self.sandbox, self.logs, self.command, self.more = sandbox, logs, command, more
        self.lives = self.kills = 0
        #: Calls the sandbox has answered since; with `counted`, those that it says yes to.
        self.calls = 0
        self.counted: Callable[[Request], bool] = lambda request: True
        #: Sentences about what was wrong after a kill.
        self.wrong: list[str] = []
        remember = sandbox.server.remember

        def count(request: Request) -> None:
            self.calls += self.counted(request)
            remember(request)

        sandbox.server.remember = count  # type: ignore[method-assign]

    def kill_after(self, calls: int, nap: float) -> None:
        """One life that ends by `kill -9` behind so many calls, or by itself, or when all is done, before."""
        last = self.calls + calls
        child = self._begin()
        try:
            self._wait(child, lambda: self.calls >= last or self.is_done())
            time.sleep(nap)
            self.kills += child.alive
        finally:
            _kill(child)
        self._wait_for_the_database()
        self.wrong += [f"life {self.lives}: {each}" for each in self.claims_too_much()]

    def finish(self) -> None:
        """The last life, until all is done. Raises RuntimeError when it fails."""
        child = self._begin()
        try:
            self._wait(child, self.is_done)
            child.stop(seconds=30)
        finally:
            _kill(child)
        if child.process.returncode not in (0, -signal.SIGTERM) or not self.is_done():
            raise RuntimeError(f"It ended with {child.process.returncode}:\n{child.last_words(20)}")

    def is_done(self) -> bool:
        raise NotImplementedError

    def claims_too_much(self) -> list[str]:
        """Sentences about what stands in the database after a kill and is not so."""
        return []

    def _begin(self) -> Child:
        self.lives += 1
        return spawn(
            " ".join(map(str, self.command)),
            [sys.executable, *self.command],
            log=self.logs / f"life-{self.lives}.log",
            cwd=ROOT,
            env=environment(
                address(),
                SECRET_KEY=settings.SECRET_KEY,
                TELA_API_URL=self.sandbox.url,
                TELA_API_KEY=self.sandbox.key,
                TELAREVIEW_VAR=str(self.logs),
                PGAPPNAME=MORTAL,
                **self.more,
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


def _kill(child: Child) -> None:
    child.process.kill()
    child.process.wait()
