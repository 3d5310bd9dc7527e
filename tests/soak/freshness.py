"""`./run soak freshness [--seconds N]`: how long a change in a living Tela takes to stand in the mirror.

The worker runs as by default and nobody sends webhooks, so what is measured is polling.
"""

import argparse
import datetime as dt
import signal
import sys
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings

from telareview.demo.children import spawn
from telareview.sandbox import SandboxServer
from telareview.sync.models import Bookmark
from telareview.tasks.models import Task
from tests.bench.mirrors import ROOT, environment
from tests.bench.timing import Timing
from tests.soak.place import FOLDER, LOGS, address

SECONDS, TASKS = 300, 300
#: Mean seconds between two arrivals; each task then starts, ends and is reviewed.
PACE_SECONDS = 2.0
LONGEST_SECONDS = 60
START_SECONDS = 120
#: Of looking into the mirror; a latency is told too long by no more than this.
LOOK_SECONDS = 0.2


@dataclass
class Watch:
    """Changes not yet seen in the mirror, with the `time.monotonic` of each, and how long the others took."""

    waiting: dict[UUID, list[tuple[dt.datetime, float]]] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    listening: bool = False
    lock: Lock = field(default_factory=Lock)

    def hear(self, event: str, card: Any, story: Any) -> None:
        """A listener of the sandbox's world."""
        if self.listening:
            stamp = dt.datetime.fromtimestamp(card.updated / 1000, dt.UTC)
            with self.lock:
                self.waiting.setdefault(UUID(card.id), []).append((stamp, time.monotonic()))

    def look(self) -> None:
        """What the mirror shows now has become visible."""
        with self.lock:
            ids = list(self.waiting)
        shown = dict(Task.objects.filter(task_id__in=ids).values_list("task_id", "updated_at"))
        now = time.monotonic()
        with self.lock:
            for task, updated in shown.items():
                # A stamp is cut to milliseconds on its way.
                arrived = [
                    begun for stamp, begun in self.waiting[task] if stamp <= updated + dt.timedelta(milliseconds=1)
                ]
                self.latencies += [now - begun for begun in arrived]
                self.waiting[task] = self.waiting[task][len(arrived) :]
                if not self.waiting[task]:
                    del self.waiting[task]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("./run soak freshness", description="How soon changes stand in the mirror.")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of a living Tela; default: %(default)s")
    options = parser.parse_args(arguments)
    watch = Watch()
    with SandboxServer(tasks=TASKS, alive=True, pace=PACE_SECONDS) as sandbox:
        sandbox.world.listeners.append(watch.hear)
        worker = spawn(
            "worker",
            [sys.executable, ROOT / "manage.py", "worker"],
            log=LOGS / "freshness.log",
            cwd=ROOT,
            env=environment(
                address(),
                SECRET_KEY=settings.SECRET_KEY,
                TELA_API_URL=sandbox.url,
                TELA_API_KEY=sandbox.key,
                TELAREVIEW_VAR=str(FOLDER),
            ),
            stop_signal=signal.SIGTERM,
        )
        try:
            _until(time.monotonic() + START_SECONDS, watch, lambda: Bookmark.objects.filter(synced_at=None).exists())
            watch.listening = True
            _until(time.monotonic() + options.seconds, watch, lambda: True)
            watch.listening = False
            _until(time.monotonic() + 2 * LONGEST_SECONDS, watch, lambda: bool(watch.waiting))
        finally:
            worker.stop(seconds=30)
    return _tell(watch, options.seconds)


def _until(deadline: float, watch: Watch, go_on: Any) -> None:
    while time.monotonic() < deadline and (go_on() or not Bookmark.objects.exists()):
        watch.look()
        time.sleep(LOOK_SECONDS)


def _tell(watch: Watch, seconds: int) -> int:
    if not watch.latencies:
        print("No change became visible.")
        return 1
    timing = Timing(tuple(sorted(each * 1000 for each in watch.latencies)))
    longest = timing.samples[-1] / 1000
    late = sum(each > LONGEST_SECONDS for each in watch.latencies)
    print(
        f"{len(watch.latencies)} changes in {seconds} s became visible after {timing.p50 / 1000:.1f} s (median), "
        f"{timing.p95 / 1000:.1f} s (p95), {longest:.1f} s (longest); {late} after more than {LONGEST_SECONDS} s, "
        f"{len(watch.waiting)} never."
    )
    return 1 if late or watch.waiting else 0
