"""The in-process fault layer: a client whose calls never leave the process and fail or lie as drawn from a seed.

It stands where the client's `Transport` stands, so everything above it is the product's own: reading a reply, telling
failures apart, repeating a call. Refusals and broken connections are made by the same functions as real ones.
"""

import datetime as dt
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, Protocol

import requests
from requests.structures import CaseInsensitiveDict

from telareview.tela import TelaClient, TelaError, failures
from telareview.tela.transport import Reply

#: Of a call by id there is no list that could lie.
LYING = ("duplicates", "over-long", "empty", "short")
REFUSING = ("429", "500", "502 HTML")
FAILING = (*REFUSING, "time-out", "reset", "cut JSON")
KINDS = FAILING + LYING
#: Now and then so many calls in a row fail, which no repetition of one call outlasts.
OUTAGE_CALLS = 6
OUTAGE_SHARE = 0.01

_PAGE_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_LIMITS = (5.0, 30.0, 60.0)

type Parameters = Sequence[tuple[str, str]]


class Source(Protocol):
    """An API in process: one call, answered."""

    def exchange(self, verb: str, path: str, parameters: Parameters = (), body: bytes | None = None) -> Reply: ...

    def miss(self) -> None:
        """A call went by that did not arrive."""


class FaultyTransport:
    """Calls to `source`, of which the share `rate` fails or lies; threads may share it.

    `happened` counts the kinds. A refused call does not reach the source; a time-out, a reset and a cut do.
    """

    def __init__(self, source: Source, seed: int, rate: float, kinds: Sequence[str] = KINDS) -> None:
        self.source, self.rate, self.kinds = source, rate, tuple(kinds)
        self.random = random.Random(seed)
        self.happened: dict[str, int] = {}
        self.calls = 0
        self.waited_seconds = 0.0
        self._outage = 0
        self._lock = Lock()

    def exchange(
        self, verb: str, path: str, parameters: Parameters = (), body: bytes | None = None, headers: Any = None
    ) -> Reply:
        """One call; no test of ours looks at its headers."""
        with self._lock:
            self.calls += 1
            kind = self._draw(is_list=path == "/task")
            if kind:
                self.happened[kind] = self.happened.get(kind, 0) + 1
            if kind in REFUSING:
                self.source.miss()
                raise _refused(kind)
            reply = self.source.exchange(verb, path, parameters, body)
            if kind in ("time-out", "reset"):
                raise _lost(kind)
            return reply if kind is None else replace(reply, body=self._spoilt(kind, reply.body))

    def close(self) -> None:
        """Nothing is open."""

    def _draw(self, *, is_list: bool) -> str | None:
        if self._outage:
            self._outage -= 1
            return self.random.choice(FAILING)
        if self.random.random() >= self.rate:
            return None
        if self.random.random() < OUTAGE_SHARE:
            self._outage = OUTAGE_CALLS
        return self.random.choice(self.kinds if is_list else FAILING)

    def _spoilt(self, kind: str, body: bytes) -> bytes:
        if kind == "cut JSON":
            # An empty list is two bytes; half of it is no JSON either.
            return body[: len(body) // 2]
        if kind == "empty":
            return b"[]"
        rows: list[Any] = json.loads(body)
        if kind == "short":
            return json.dumps(rows[: len(rows) // 3]).encode()
        limit = len(rows)
        for _ in range(self.random.randint(1, 5) if rows else 0):
            place = self.random.randrange(len(rows))
            rows.insert(place, rows[place])
        return json.dumps(rows if kind == "over-long" else rows[:limit]).encode()


def faulty_client(source: Source, seed: int = 0, rate: float = 0.0, *, retries: int = 4) -> TelaClient:
    """The product's client over a faulty transport, which sleeps no second between repetitions."""
    dice = random.Random(seed)
    client = TelaClient("http://in-process.invalid", "in-process", retries=retries, sleep=_no_nap, chance=dice.random)
    client._transport = FaultyTransport(source, seed, rate)  # type: ignore[assignment]
    return client


def faults_of(client: TelaClient) -> dict[str, int]:
    """How often each kind happened."""
    transport: Any = client._transport
    return dict(transport.happened)


def _no_nap(seconds: float) -> None:
    """Nobody waits for a clock that is not there."""


def _refused(kind: str) -> TelaError:
    status = int(kind[:3])
    body = _PAGE_502 if status == 502 else json.dumps({"code": "ERROR", "message": f"A {kind}."}).encode()
    headers = CaseInsensitiveDict({"Retry-After": "1"} if status == 429 else {})
    now = dt.datetime.now(dt.UTC)
    return failures.refusal(status, headers, body, request_id=None, now=now, mask=lambda text: text)


def _lost(kind: str) -> TelaError:
    error = requests.ReadTimeout() if kind == "time-out" else requests.ConnectionError(ConnectionResetError())
    return failures.no_answer(error, *_LIMITS)
