"""The life of every seeded task, told from its number alone.

`Plan.script(n)` gives the same life for the same seed, size and moment, so the world needs to keep only the facts it
sorts and filters by; everything else is told again when somebody asks.
"""

import random
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from telareview.sandbox.apps import AGENT_EVERY, APPS, App, CanvasVersion
from telareview.sandbox.names import HOSTILE, HOSTILE_URLS, file_name
from telareview.sandbox.people import APPROVER_WEIGHTS, APPROVERS, CREATOR_WEIGHTS, CREATORS, KEY_EMAIL
from telareview.sandbox.wire import DAY_MS, day_text, uuid_text

SPAN_DAYS = 400
HOUR_MS, MINUTE_MS = 3_600_000, 60_000

#: Work by hour of the day in UTC: offices of São Paulo (UTC-3), a quiet lunch, a nightly batch.
_HOURS = (2, 1, 1, 1, 3, 1, 0.5, 0.5, 1, 2, 6, 11, 14, 13, 10, 5, 9, 13, 14, 12, 9, 5, 3, 2)
_WEEKDAYS = (1.1, 1.05, 1, 1, 0.95, 0.25, 0.12)

TAGS = ((), (), (), ("priority",), ("reviewed",), ("priority", "reviewed"), ("lote-nov",), ("dúvida, fiscal",))

FAILED, WAITING, REVISED, REVOKED, RETAGGED = 0.08, 0.2, 0.37, 0.06, 0.02
BULK, LARGE_BULK = 150, 300
#: Fewer tasks than the first and there is nothing odd among them; from the second on a bulk job of 300 as well.
SMALL_WORLD, LARGE_WORLD = 50, 5000
#: So many came in within the last minutes and have not been run to the end.
FRESH = 8


class Event(NamedTuple):
    """One step of a life: `finished`, `failed`, `edited`, `approved`, `revoked`, `tagged`, `cancelled`."""

    at: int
    kind: str
    who: str
    #: Seed of what was edited, or 0.
    edit: int = 0


class Bulk(NamedTuple):
    """Tasks `start` to `stop` came in at one moment; `approved`: and were approved at one moment."""

    start: int
    stop: int
    app: App
    approved: bool


@dataclass(slots=True)
class Script:
    number: int
    id: str
    app: App | None
    version: CanvasVersion | None
    name: str
    creator: str
    tags: tuple[str, ...]
    created: int
    status: str = "created"
    events: list[Event] = field(default_factory=list)
    hostile: str | None = None
    url: str | None = None

    @property
    def kind(self) -> str:
        return self.app.kind if self.app else "statement"


class Plan:
    """What is decided for all tasks together: how many, over which days, which bulk jobs."""

    def __init__(self, tasks: int, seed: int, anchor: int, *, hostile: bool = True) -> None:
        self.tasks, self.seed, self.anchor, self.hostile = tasks, seed, anchor, hostile
        self.begin = anchor - SPAN_DAYS * DAY_MS
        first = self.begin // HOUR_MS
        hours = range(first, anchor // HOUR_MS + 1)
        growth = 1 / len(hours)
        weights = (_HOURS[h % 24] * _WEEKDAYS[(h // 24 + 3) % 7] * (1 + (h - first) * growth) for h in hours)
        self._first_hour, self._rhythm = first, list(accumulate(weights))
        self.bulks = _bulks(tasks)
        self._fresh = min(FRESH, tasks // 20)
        self._hostile_every = max(1, tasks // (len(HOSTILE) + 1)) if tasks < 25_000 else 1250

    def source(self, number: int) -> random.Random:
        """The drawing source of one task: first its script, then its content is drawn from it."""
        return random.Random(self.seed * 1_000_000_007 + number)  # noqa: S311

    def moment(self, share: float) -> int:
        """When that share (0 to 1) of all tasks had come in, following the daily rhythm."""
        target = share * self._rhythm[-1]
        hour = bisect_left(self._rhythm, target)
        before = self._rhythm[hour - 1] if hour else 0.0
        within = (target - before) / (self._rhythm[hour] - before)
        return min(max(self.begin, int((self._first_hour + hour + within) * HOUR_MS)), self.anchor - 1)

    def script(self, number: int, rng: random.Random) -> Script:
        draw = rng.random
        task_id = uuid_text(rng.getrandbits(128))
        bulk = next((bulk for bulk in self.bulks if bulk.start <= number < bulk.stop), None)
        created = self._arrival(number, bulk, draw())
        app = bulk.app if bulk else None if number % AGENT_EVERY == AGENT_EVERY // 2 else _app(draw())
        version = app.version_at((created - self.begin) / (SPAN_DAYS * DAY_MS)) if app else None
        name = file_name(app.kind if app else "statement", day_text(created // DAY_MS), rng)
        tags = TAGS[int(draw() * len(TAGS))]
        script = Script(number, task_id, app, version, name, _weighted(CREATORS, _CREATOR_STEPS, draw()), tags, created)
        if self.hostile:
            self._make_hostile(script)
        self._live(script, bulk, rng)
        return script

    def _arrival(self, number: int, bulk: Bulk | None, within: float) -> int:
        """When a task came in; a bulk job takes no more time than a single task, the freshest came just now."""
        left = self.tasks - number
        if left <= self._fresh:
            return self.anchor - left * 9_000 + int(within * 4_000)
        sizes = [other.stop - other.start for other in self.bulks]
        earlier = sum(size for other, size in zip(self.bulks, sizes, strict=True) if other.stop <= number)
        rank = (bulk.start if bulk else number + within) - earlier
        return self.moment(rank / (self.tasks - sum(sizes)))

    def _live(self, script: Script, bulk: Bulk | None, rng: random.Random) -> None:
        """What happened to the task until the anchor, and the status that leaves it in."""
        left = self.tasks - script.number
        if left <= self._fresh:
            script.status = "created" if left <= 2 else "running"
            return
        if bulk:
            _live_in_bulk(script, bulk)
        elif self.tasks >= SMALL_WORLD and script.number in (self.tasks // 3, self.tasks * 2 // 3):
            script.events.append(Event(script.created + MINUTE_MS, "cancelled", script.creator))
        else:
            _live(script, rng)
        script.events = [event for event in script.events if event.at <= self.anchor]
        script.status = STATUS_AFTER[script.events[-1].kind] if script.events else "running"

    def _make_hostile(self, script: Script) -> None:
        turn, rest = divmod(script.number, self._hostile_every)
        if rest == self._hostile_every // 2 and self.tasks >= SMALL_WORLD:
            script.hostile = HOSTILE[turn % len(HOSTILE)]
            script.name = script.hostile[:300]
        elif script.number % 211 == 17:
            script.url = HOSTILE_URLS[script.number // 211 % len(HOSTILE_URLS)]


STATUS_AFTER = {
    "finished": "validating",
    "edited": "validating",
    "revoked": "validating",
    "approved": "completed",
    "tagged": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}


def _live(script: Script, rng: random.Random) -> None:
    """A run, a review, sometimes a second thought."""
    draw, events = rng.random, script.events
    at = script.created + 6_000 + int(draw() * 80_000)
    if draw() < FAILED:
        events.append(Event(at, "failed", script.creator))
        return
    events.append(Event(at, "finished", script.creator))
    if draw() < WAITING:
        return
    approver = _weighted(APPROVERS, _APPROVER_STEPS, draw())
    at += _wait(draw())
    at = _review(script, approver, at, rng, revised=draw() < REVISED)
    if draw() < REVOKED:
        at += 5 * MINUTE_MS + int(draw() * 3 * HOUR_MS)
        events.append(Event(at, "revoked", approver))
        if draw() < 0.7:
            second = _weighted(APPROVERS, _APPROVER_STEPS, draw())
            _review(script, second, at + 3 * MINUTE_MS + int(draw() * HOUR_MS), rng, revised=draw() < 0.8)
    elif draw() < RETAGGED:
        events.append(Event(at + int(draw() * DAY_MS), "tagged", approver))


def _review(script: Script, who: str, at: int, rng: random.Random, *, revised: bool) -> int:
    """Edits, if any, then the approval; gives its moment."""
    plain = script.version is None or not script.version.structured
    if revised and not plain:
        for _ in range(1 + int(rng.random() ** 2 * 4)):
            author = who if rng.random() < 0.9 else _weighted(APPROVERS, _APPROVER_STEPS, rng.random())
            script.events.append(Event(at, "edited", author, rng.getrandbits(32) | 1))
            at += 8_000 + int(rng.random() * 90_000)
    script.events.append(Event(at, "approved", who))
    return at


def _live_in_bulk(script: Script, bulk: Bulk) -> None:
    """Imported with its output ready, so that nothing ran; all of the job at once."""
    script.creator, script.tags = KEY_EMAIL, ("importação",)
    script.events.append(Event(script.created, "finished", KEY_EMAIL))
    if bulk.approved:
        who = APPROVERS[bulk.start % len(APPROVERS)]
        script.events.append(Event(script.created + 26 * HOUR_MS + 417, "approved", who))


def _wait(draw: float) -> int:
    """From the end of the run to the review: minutes mostly, hours often, days sometimes."""
    if draw < 0.5:
        return int((2 + draw * 76) * MINUTE_MS)
    if draw < 0.85:
        return int((1 + (draw - 0.5) * 20) * HOUR_MS)
    return int((1 + (draw - 0.85) * 20) * DAY_MS)


def _bulks(tasks: int) -> tuple[Bulk, ...]:
    size = min(BULK, tasks // 13)
    if size < 8:
        return ()
    shares = [(0.2, size, APPS[0], True), (0.55, size, APPS[1], True), (0.88, size, APPS[2], False)]
    if tasks >= LARGE_WORLD:
        shares.append((0.75, LARGE_BULK, APPS[0], True))
    return tuple(Bulk(int(tasks * share), int(tasks * share) + count, app, done) for share, count, app, done in shares)


def _app(draw: float) -> App:
    for app in APPS:
        if draw < app.weight:
            return app
        draw -= app.weight
    return APPS[0]


def _weighted(choices: tuple[str, ...], steps: list[float], draw: float) -> str:
    return choices[bisect_left(steps, draw * steps[-1])]


_APPROVER_STEPS = list(accumulate(map(float, APPROVER_WEIGHTS)))
_CREATOR_STEPS = list(accumulate(map(float, CREATOR_WEIGHTS)))
