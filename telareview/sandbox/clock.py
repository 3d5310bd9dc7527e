"""The world's time, in milliseconds since 1970; it can be stopped, moved and set going again."""

import time

from telareview.sandbox.wire import milliseconds


class Clock:
    """Runs with the machine's clock, shifted so that it began at `start`; `frozen` stands still there."""

    def __init__(self, start: int | None = None, *, frozen: bool = False) -> None:
        self._shift = 0 if start is None else start - _machine()
        self._still: int | None = self.now() if frozen else None
        if frozen and start is not None:
            self._still = start

    def now(self) -> int:
        still = getattr(self, "_still", None)
        return _machine() + self._shift if still is None else still

    def freeze(self, at: str | int | None = None) -> None:
        """Stop at an instant (ISO text or milliseconds), or where it is."""
        if at is None:
            self._still = self.now()
        else:
            self._still = milliseconds(at) if isinstance(at, str) else at

    def thaw(self) -> None:
        """Go on from where it stands."""
        if self._still is not None:
            self._shift = self._still - _machine()
            self._still = None

    def advance(self, seconds: float) -> None:
        step = round(seconds * 1000)
        if self._still is None:
            self._shift += step
        else:
            self._still += step


def _machine() -> int:
    return time.time_ns() // 1_000_000
