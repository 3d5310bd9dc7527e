"""How the sandbox misbehaves on request.

Answers that are refused (`429`, `500`, `502html`, `html`, `timeout`) change nothing; with `cut` and `reset` the request
was carried out and only the reply is lost, as it happens to real networks. `duplicates` and `empty` touch lists alone.
"""

import random
from collections import deque
from threading import Lock

from telareview.sandbox.exchange import Request

KINDS = ("429", "500", "502html", "slow", "cut", "reset", "duplicates", "empty", "timeout", "html")
LIST_ONLY = ("duplicates", "empty")

type Fault = str


class Faults:
    """`rate` (0 to 1) of all requests suffer one of `kinds`, drawn from `seed`; `once` queues one in front."""

    def __init__(self, rate: float = 0.0, kinds: tuple[str, ...] = KINDS, seed: int = 7) -> None:
        self.slow_seconds = 2.0
        self.hang_seconds = 60.0
        self.retry_after_seconds = 1
        self._lock = Lock()
        self._queue: deque[tuple[Fault, str]] = deque()
        self.happened: list[Fault] = []
        self.switch(rate, kinds, seed)

    def switch(self, rate: float, kinds: tuple[str, ...] | None = None, seed: int | None = None) -> None:
        """Change how often and what, from the next request on; rate 0 is good weather."""
        if kinds is not None:
            if unknown := set(kinds) - set(KINDS):
                raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
            self.kinds = tuple(kinds)
        if seed is not None:
            self._rng = random.Random(seed)  # noqa: S311
        self.rate = rate

    def once(self, kind: Fault, times: int = 1, *, path: str = "") -> None:
        """The next requests (whose path begins with `path`) suffer this."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}")
        with self._lock:
            self._queue.extend([(kind, path)] * times)

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()
            self.rate = 0.0

    def draw(self, request: Request) -> Fault | None:
        """The fault of this request, if any: its own header `X-Sandbox-Fault` says so, or the queue, or chance."""
        asked = request.headers.get("x-sandbox-fault")
        with self._lock:
            kind = self._next(request) if asked is None else asked
            if kind not in KINDS or not _fits(kind, request):
                return None
            self.happened.append(kind)
            return kind

    def _next(self, request: Request) -> Fault | None:
        for place, (kind, path) in enumerate(self._queue):
            if request.path.startswith(path) and _fits(kind, request):
                del self._queue[place]
                return kind
        if self.rate and self._rng.random() < self.rate:
            return self.kinds[self._rng.randrange(len(self.kinds))]
        return None


def _fits(kind: Fault, request: Request) -> bool:
    is_list = request.method == "GET" and request.path.rstrip("/") == "/task"
    return is_list or kind not in LIST_ONLY


def parse(text: str) -> Faults:
    """`rate=0.3,kinds=429,500,slow,seed=3`; kinds default to all. Raises ValueError."""
    given: dict[str, list[str]] = {}
    key = ""
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if equals:
            key, given[name] = name, []
        given.setdefault(key, []).append(value if equals else name)
    if unknown := given.keys() - {"rate", "kinds", "seed"}:
        raise ValueError(f"faults are written as rate=0.3,kinds=429,slow,seed=1; not understood: {sorted(unknown)}")
    rate, seed = given.get("rate", ["0.1"]), given.get("seed", ["7"])
    return Faults(float(",".join(rate)), tuple(given.get("kinds", KINDS)), int(",".join(seed)))
