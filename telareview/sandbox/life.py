"""What makes time pass: runs that end by themselves, and, when the sandbox is alive, people at work.

All waiting is in one thread with one list of what is due; the verbs themselves are the world's.
"""

import heapq
import random
import time
from collections.abc import Callable
from functools import partial
from threading import Condition, Thread

from telareview.sandbox.apps import APPS
from telareview.sandbox.errors import Refusal
from telareview.sandbox.names import HOSTILE
from telareview.sandbox.people import APPROVER_WEIGHTS, APPROVERS, CREATOR_WEIGHTS, CREATORS
from telareview.sandbox.revisions import edits_for
from telareview.sandbox.scripts import TAGS
from telareview.sandbox.stories import FAILURE_REASON
from telareview.sandbox.world import World

#: Mean seconds between two arrivals.
PACE_SECONDS = 4.5
#: How long a run takes that was asked for over the API.
RUN_SECONDS = 2.0

FAILED, REVIEWED, REVISED, REVOKED, BACKLOG, ODD_NAME = 0.08, 0.85, 0.4, 0.1, 0.3, 0.03

type Deed = Callable[[], None]


class Life:
    def __init__(
        self, world: World, seed: int, *, pace: float = PACE_SECONDS, run_seconds: float = RUN_SECONDS
    ) -> None:
        if pace <= 0:
            raise ValueError("pace must be more than 0 seconds")
        self.world, self.pace, self.run_seconds = world, pace, run_seconds
        self._rng = random.Random(seed * 17 + 3)  # noqa: S311
        self._due: list[tuple[float, int, Deed]] = []
        self._planned = 0
        self._woken = Condition()
        self._stopped = False

    def start(self, *, alive: bool) -> None:
        Thread(target=self._live, name="sandbox-life", daemon=True).start()
        if alive:
            for task_id in self.world.ids("created"):
                self._soon(0.5, 1.5, partial(self._begin, task_id))
            for task_id in self.world.ids("running"):
                self._soon(0.5, 3, partial(self._finish, task_id))
            self._soon(0.1, 0.5, self._arrive)
        else:
            for task_id in self.world.ids("running"):
                if self.world.card(task_id).number < 0:
                    self.run(task_id)

    def stop(self) -> None:
        with self._woken:
            self._stopped = True
            self._woken.notify()

    def run(self, task_id: str, *, fails: bool = False) -> None:
        """Let a running task end by itself."""
        self._after(self.run_seconds, partial(self.world.fail if fails else self.world.finish, task_id))

    def _live(self) -> None:
        while True:
            with self._woken:
                while not self._stopped and (wait := self._seconds_to_next()) != 0:
                    self._woken.wait(wait)
                if self._stopped:
                    return
                _, _, deed = heapq.heappop(self._due)
            try:
                deed()
            except Refusal:
                continue  # Somebody else deleted or changed the task meanwhile.

    def _seconds_to_next(self) -> float | None:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def _after(self, seconds: float, deed: Deed) -> None:
        with self._woken:
            self._planned += 1
            heapq.heappush(self._due, (time.monotonic() + seconds, self._planned, deed))
            self._woken.notify()

    def _soon(self, least: float, most: float, deed: Deed) -> None:
        """After so many paces."""
        self._after(self._rng.uniform(least, most) * self.pace, deed)

    def _arrive(self) -> None:
        self._soon(0.6, 1.4, self._arrive)
        app = self._rng.choices(APPS, [app.weight for app in APPS])[0]
        task_id = self.world.arrive(
            app.id,
            name=self._rng.choice(HOSTILE)[:300] if self.world.plan.hostile and self._rng.random() < ODD_NAME else None,
            creator=self._rng.choices(CREATORS, CREATOR_WEIGHTS)[0],
            tags=self._rng.choice(TAGS),
            status="created",
        )
        self._soon(0.1, 0.4, partial(self._begin, task_id))
        if self._rng.random() < BACKLOG and (waiting := self.world.ids("validating")):
            old = self._rng.choice(waiting)
            self._soon(0.2, 1, partial(self._review, old))

    def _begin(self, task_id: str) -> None:
        self.world.start(task_id)
        self._soon(0.5, 2.5, partial(self._finish, task_id))

    def _finish(self, task_id: str) -> None:
        if self._rng.random() < FAILED:
            self.world.fail(task_id, FAILURE_REASON if self._rng.random() < 0.5 else None)
            return
        self.world.finish(task_id)
        if self._rng.random() < REVIEWED:
            self._soon(2, 10, partial(self._review, task_id))

    def _review(self, task_id: str) -> None:
        who = self._rng.choices(APPROVERS, APPROVER_WEIGHTS)[0]
        card = self.world.card(task_id)
        if card.status != "validating":
            return
        if self._rng.random() < REVISED:
            for _ in range(self._rng.randint(1, 3)):
                self._edit(task_id, who)
        self.world.approve(task_id, who)
        if self._rng.random() < REVOKED:
            self._soon(2, 6, partial(self._revoke, task_id, who))

    def _edit(self, task_id: str, who: str) -> None:
        current = self.world.task(task_id)["outputContent"]
        content = current["content"] if current else None
        if isinstance(content, dict):
            app = next((app for app in APPS if app.id == self.world.card(task_id).app_id), None)
            edit = self._rng.choice(edits_for(app.kind if app else "statement"))
            self.world.edit(task_id, edit(content, self._rng.random), who)

    def _revoke(self, task_id: str, who: str) -> None:
        self.world.revoke(task_id, who)
        self._soon(1, 4, partial(self._review, task_id))
