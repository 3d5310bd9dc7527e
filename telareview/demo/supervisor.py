"""Keeps the child processes of `demo` and `serve` together: they start in order, and end with this process."""

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from telareview.demo.children import Child

GLANCE_SECONDS = 0.2
STOP_SECONDS = 8  # A worker in the middle of a page ends it; what is not done by then is repeated at the next start.
#: Between two starts of a worker that keeps dying.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
#: A worker that lived this long was well: its next restart is quick again.
WELL_SECONDS = 60.0


class ChildDied(Exception):
    """A process without which nothing works has ended; the message says which, and the end of its log."""


def stop_on_signals() -> None:
    """Ctrl-C, SIGTERM and a closed terminal end this process through its `finally` blocks, with exit 0."""

    def end(_signal: int, _frame: FrameType | None) -> NoReturn:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        raise SystemExit(0)

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, end)


class Supervisor:
    """Watches children, and stops them in the opposite order of their start."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watched: list[Child] = []
        self._needed: list[Child] = []
        self._restarted: list[_Restarted] = []

    def watch(self, child: Child) -> None:
        """A child that must live as long as we do, and that somebody else stops."""
        self._watched.append(child)

    def add(self, child: Child) -> None:
        """A child that must live as long as we do."""
        self._needed.append(child)

    def add_restarted(self, start: Callable[[], Child]) -> None:
        """A child that is started now, and again, with growing pauses, whenever it ends."""
        self._restarted.append(_Restarted(start))

    def look(self) -> None:
        """Starts again what may be. Raises ChildDied for the first needed child that is gone."""
        for child in (*self._watched, *self._needed):
            if not child.alive:
                raise ChildDied(
                    f"{child.name} has ended (exit {child.process.returncode}), so telareview stops. "
                    f"The end of {child.log}:\n{child.last_words()}"
                )
        for restarted in self._restarted:
            restarted.look(self._say)

    def wait(self, until: Callable[[], bool] = lambda: False) -> None:
        """Looks again and again, until `until()` or for ever."""
        while not until():
            self.look()
            time.sleep(GLANCE_SECONDS)

    def stop(self) -> None:
        """One after the other, so that none misses what it works with; whoever takes too long is killed."""
        deadline = time.monotonic() + STOP_SECONDS
        for child in (*(restarted.child for restarted in self._restarted), *reversed(self._needed)):
            child.stop(max(0.5, deadline - time.monotonic()))


class _Restarted:
    def __init__(self, start: Callable[[], Child]) -> None:
        self._start = start
        self._pause = FIRST_PAUSE_SECONDS
        self._again_at: float | None = None
        self._begin()

    def _begin(self) -> None:
        self.child = self._start()
        self._began = time.monotonic()
        self._again_at = None

    def look(self, say: Callable[[str], None]) -> None:
        now = time.monotonic()
        if self.child.alive:
            return
        if self._again_at is None:
            if now - self._began > WELL_SECONDS:
                self._pause = FIRST_PAUSE_SECONDS
            self._again_at = now + self._pause
            say(
                f"{self.child.name} has ended (exit {self.child.process.returncode}) and is started again in "
                f"{self._pause:.0f} s. Its log: {self.child.log}"
            )
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        elif now >= self._again_at:
            self._begin()
