"""Carries HTTP POSTs in the background, to this machine only, and tries again when nobody takes them."""

import heapq
import http.client
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Thread
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5.0
#: Seconds before the second and the third attempt.
RETRY_SECONDS = (1.0, 5.0)


@dataclass(slots=True)
class Outcome:
    """Of one attempt: the status it was answered with, or why there is none."""

    status: int | None = None
    error: str | None = None

    @property
    def success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(order=True, slots=True)
class _Errand:
    due: float
    number: int
    send: Callable[[], Outcome] = field(compare=False)
    done: Callable[[Outcome, int], None] = field(compare=False)
    attempt: int = field(compare=False, default=1)


def post(url: str, body: bytes, headers: dict[str, str], method: str = "POST") -> Outcome:
    """One attempt. Nothing but a loopback address is ever contacted."""
    try:
        target = urlsplit(url)
        if not is_loopback(target.hostname):
            return Outcome(error="the sandbox delivers to loopback addresses only")
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=TIMEOUT_SECONDS)
        try:
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            return Outcome(status=connection.getresponse().status)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Outcome(error=f"{type(error).__name__}: {error}")


def is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class Courier:
    def __init__(self, retry_seconds: tuple[float, ...] = RETRY_SECONDS) -> None:
        self.retry_seconds = retry_seconds
        self._errands: list[_Errand] = []
        self._taken = 0
        self._busy = False
        self._changed = Condition()
        self._stopped = False

    def start(self) -> None:
        Thread(target=self._work, name="sandbox-courier", daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def send(self, send: Callable[[], Outcome], done: Callable[[Outcome, int], None]) -> None:
        """Queue an errand; `done` hears of every attempt and its number."""
        with self._changed:
            self._taken += 1
            heapq.heappush(self._errands, _Errand(time.monotonic(), self._taken, send, done))
            self._changed.notify_all()

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is left to carry; False when it takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._errands and not self._busy, timeout)

    def _work(self) -> None:
        while (errand := self._next()) is not None:
            outcome = errand.send()
            errand.done(outcome, errand.attempt)
            with self._changed:
                self._busy = False
                if not outcome.success and errand.attempt <= len(self.retry_seconds):
                    errand.due = time.monotonic() + self.retry_seconds[errand.attempt - 1]
                    errand.attempt += 1
                    heapq.heappush(self._errands, errand)
                self._changed.notify_all()

    def _next(self) -> _Errand | None:
        with self._changed:
            while not self._stopped:
                wait = self._errands[0].due - time.monotonic() if self._errands else None
                if wait is not None and wait <= 0:
                    self._busy = True
                    return heapq.heappop(self._errands)
                self._changed.wait(wait)
            return None
