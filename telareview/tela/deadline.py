"""A limit on a whole call. The limits of `requests` hold for each read alone, so a slow drip would never end."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Buffer, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

#: Bytes asked of the socket at once; a page of tasks is some 200 kB.
READ_BUFFER_BYTES = 64 * 1024

_ends_at: ContextVar[float | None] = ContextVar("telareview.tela.deadline", default=None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Within it, replies read through a DeadlineAdapter raise TimeoutError once `seconds` are over."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


class DeadlineAdapter(HTTPAdapter):
    """The adapter of `requests`, over connections which know the time limit, headers and body alike."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class _DeadlineReader(io.RawIOBase):
    """A socket's reading end whose every read may last only as long as the call has left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, ends_at: float) -> None:
        self._raw = raw
        self._sock = sock
        self._ends_at = ends_at
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The time limit of the whole call has passed.")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        ends_at = _ends_at.get()
        if ends_at is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_DeadlineReader(raw, sock, ends_at), READ_BUFFER_BYTES)


class _PlainConnection(HTTPConnection):
    response_class = _DeadlineResponse


class _SecureConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
