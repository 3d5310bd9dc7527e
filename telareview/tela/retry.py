"""When a failed call is made again, and how long to wait before. Nothing here sleeps or calls.

The rules are those of Tela's own clients: connection failures, 408, 409, 429 and 5xx; `x-should-retry` outranks the
status; `retry-after-ms`, then `retry-after`, is obeyed up to a minute; else the wait doubles, less some jitter.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from telareview.tela.errors import TelaError

#: Verbs that change nothing at Tela, so that asking twice is harmless.
SAFE_VERBS = frozenset({"GET"})
#: The wait before the first repetition; each further one waits twice as long.
FIRST_WAIT_SECONDS = 0.5
#: No wait of our own choice is longer.
LONGEST_WAIT_SECONDS = 8.0
#: A longer wait than this is not sat out in a call: the caller learns it from `error.retry_after`.
LONGEST_TOLD_WAIT_SECONDS = 60.0
#: A wait of our own choice is shortened by up to this share, so that many clients do not return in step.
JITTER_SHARE = 0.25
#: A reading larger than this is no delay but nonsense (30 days).
MAX_TOLD_SECONDS = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class RetryAdvice:
    """What the headers of a reply say about trying again."""

    #: `x-should-retry`; None when absent or neither `true` nor `false`.
    should_retry: bool | None
    #: Seconds from now; None when not told, past, or not a number.
    retry_after: float | None


def read_advice(headers: Mapping[str, str], *, now: datetime) -> RetryAdvice:
    """The retry headers of a reply (names in any case, if the mapping allows it), with `now` as the server's clock."""
    verdict = {"true": True, "false": False}.get((headers.get("x-should-retry") or "").strip().lower())
    wait = _seconds(headers.get("retry-after-ms"), scale=0.001)
    if wait is None:
        told = headers.get("retry-after")
        wait = _seconds(told, scale=1.0)
        if wait is None:
            wait = _until(told, now)
    return RetryAdvice(should_retry=verdict, retry_after=wait)


def next_wait(error: TelaError, *, attempt: int, retries: int, verb: str = "GET", chance: float = 0.0) -> float | None:
    """Seconds to wait before the call is made again; None to give up.

    `attempt` counts the calls made so far (1 after the first failure), `retries` the repetitions allowed,
    `chance` is a random number from 0 to 1 for the jitter.
    """
    worth_it = error.may_retry if error.should_retry is None else error.should_retry
    if attempt > retries or verb not in SAFE_VERBS or not worth_it:
        return None
    if error.retry_after is not None and 0 < error.retry_after <= LONGEST_TOLD_WAIT_SECONDS:
        return error.retry_after
    doubled = FIRST_WAIT_SECONDS * 2.0 ** min(attempt - 1, 16)
    return min(doubled, LONGEST_WAIT_SECONDS) * (1 - JITTER_SHARE * chance)


class RetryBudget:
    """How many repetitions, and how many seconds of waiting for them, one run may spend. May be shared by threads."""

    def __init__(self, attempts: int, seconds: float) -> None:
        if attempts < 0 or not seconds >= 0:
            raise ValueError("A retry budget is counted in attempts and seconds of zero or more.")
        self._lock = threading.Lock()
        self._attempts_left = attempts
        self._seconds_left = float(seconds)

    def __repr__(self) -> str:
        return f"<RetryBudget {self._attempts_left} attempts, {self._seconds_left:.1f} s left>"

    @property
    def attempts_left(self) -> int:
        return self._attempts_left

    @property
    def seconds_left(self) -> float:
        return self._seconds_left

    def take(self, wait: float) -> bool:
        """Spend one repetition after `wait` seconds. False, and nothing spent, when that is no longer allowed."""
        with self._lock:
            if self._attempts_left < 1 or wait > self._seconds_left:
                return False
            self._attempts_left -= 1
            self._seconds_left -= wait
            return True


def _seconds(text: str | None, *, scale: float) -> float | None:
    try:
        seconds = float(text or "") * scale
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds <= MAX_TOLD_SECONDS else None


def _until(text: str | None, now: datetime) -> float | None:
    moment = read_http_date(text)
    if moment is None:
        return None
    seconds = (moment - now).total_seconds()
    return seconds if 0 < seconds <= MAX_TOLD_SECONDS else None


def read_http_date(text: str | None) -> datetime | None:
    """The instant of an HTTP date (`Date`, `Retry-After`), in UTC; None when absent or unreadable."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
