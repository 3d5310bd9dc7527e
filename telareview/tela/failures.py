"""Other people's failures in our words: exceptions of `requests`, and replies that are no 2xx."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from telareview.tela.errors import (
    BadRequest,
    Conflict,
    ConnectFailed,
    CutShort,
    Forbidden,
    LeftTheHost,
    NoAnswer,
    NotFound,
    RateLimited,
    Refused,
    ServerFailed,
    TelaError,
    TimedOut,
    UnreadableReply,
    UpdateFailed,
    WrongKey,
    presentable,
)
from telareview.tela.retry import read_advice
from telareview.tela.wire import canonical_json, decode, looks_like_html

#: What `requests` and the layers under it raise when no reply, or no whole reply, came.
FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)

_BY_STATUS: dict[int, type[TelaError]] = {
    400: BadRequest,
    401: WrongKey,
    403: Forbidden,
    404: NotFound,
    408: TimedOut,
    409: Conflict,
    422: BadRequest,
    429: RateLimited,
}
#: Tela's own word for a change that the task's state does not allow.
UPDATE_FAILED = "UPDATE_FAILED"
#: Statuses which the message of their class does not name already.
_NAMED = frozenset({401, 403, 404, 409, 429})


def no_answer(error: BaseException, connect_timeout: float, read_timeout: float, total_timeout: float) -> TelaError:
    """The error of ours for an exception of theirs. Seconds are those of the limits in force."""
    causes = tuple(_causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if among(urllib3.exceptions.DecodeError):
        return UnreadableReply("Its compression is damaged.")
    if among(ssl.SSLCertVerificationError):
        return ConnectFailed("Its TLS certificate was not accepted.", should_retry=False, nothing_left=True)
    if among(socket.gaierror, urllib3.exceptions.NameResolutionError):
        return ConnectFailed("The name of its host could not be resolved.", nothing_left=True)
    # Before the time limits: urllib3 counts a refused connection among its connect timeouts.
    if among(urllib3.exceptions.NewConnectionError) and not among(TimeoutError):
        return ConnectFailed(_system_reason(causes), nothing_left=True)
    if among(requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        return ConnectFailed(f"No connection within {connect_timeout:g} s.", nothing_left=True)
    if among(TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout):
        limits = f"{connect_timeout:g} s to connect, {read_timeout:g} s of silence, {total_timeout:g} s in all"
        return TimedOut(f"The limits are {limits}.")
    if among(ssl.SSLError, requests.exceptions.SSLError):
        return ConnectFailed("The encrypted connection could not be made.")
    if among(urllib3.exceptions.ProtocolError, http.client.HTTPException, ConnectionError):
        return CutShort()
    if among(OSError):
        return ConnectFailed(_system_reason(causes))
    return NoAnswer(f"The reason was {type(error).__name__}.")


def refusal(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    request_id: str | None,
    now: datetime,
    mask: Callable[[str], str],
) -> TelaError:
    """The error for a reply that is no 2xx. `mask` takes the key out of foreign text; `now` is the server's clock."""
    if status < 400:
        return LeftTheHost(_redirect(status, headers, mask), status=status, request_id=request_id)
    kind = _BY_STATUS.get(status) or (ServerFailed if status >= 500 else Refused)
    if kind is BadRequest and _code(body) == UPDATE_FAILED:
        kind = UpdateFailed
    advice = read_advice(headers, now=now)
    named = "" if status in _NAMED else f"The status was {status}."
    asked = f"Tela asks to wait {advice.retry_after:g} s." if status == 429 and advice.retry_after else ""
    said = _what_tela_says(body, mask)
    return kind(
        " ".join(part for part in (named, said, asked) if part),
        status=status,
        request_id=request_id,
        retry_after=advice.retry_after,
        should_retry=advice.should_retry,
    )


def without_frames[E: BaseException](error: E) -> E:
    """The exception and all it came from, without tracebacks: their frames hold the request as bytes."""
    for cause in _causes(error):
        cause.__traceback__ = None
    return error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from or wraps, and so on. Each once."""
    pending: list[Any] = [error]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]


def _system_reason(causes: tuple[BaseException, ...]) -> str:
    """The operating system's own word, which names no address."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno in errno.errorcode and cause.strerror:
            return f"The reason was: {presentable(cause.strerror)}."
    return ""


def _redirect(status: int, headers: Mapping[str, str], mask: Callable[[str], str]) -> str:
    try:
        target = urlsplit(headers.get("Location") or "").hostname or ""
    except ValueError:
        target = ""
    towards = f" towards {mask(presentable(target, limit=100))}" if target else ""
    return f"The reply was a redirect ({status}){towards}."


def _what_tela_says(body: bytes, mask: Callable[[str], str]) -> str:
    text = body.decode("utf-8", "replace")
    if not text.strip():
        return ""
    if looks_like_html(text):
        return "A web page (HTML) came with it."
    sentence = mask(presentable(_message(body, text), limit=10_000))
    return f"Tela says: {presentable(sentence)}" if sentence else ""


def _code(body: bytes) -> object:
    """Tela's own word for the kind of refusal; None when there is none."""
    try:
        reply = decode(body)
    except UnreadableReply:
        return None
    error = reply.get("error") if isinstance(reply, dict) else None
    details = error if isinstance(error, dict) else reply
    return details.get("code") if isinstance(details, dict) else None


def _message(body: bytes, text: str) -> str:
    """The sentence in `{code, message, …}`, `{error: {…}}`, `{error: "…"}`, or in plain text."""
    try:
        reply = decode(body)
    except UnreadableReply:
        return text
    if isinstance(reply, str):
        return reply
    if not isinstance(reply, dict):
        return ""
    error = reply.get("error")
    details = error if isinstance(error, dict) else reply
    message = details.get("message") or (error if isinstance(error, str) else None) or details.get("code")
    if message is None or isinstance(message, str):
        return message or ""
    try:
        return canonical_json(message)
    except RecursionError:
        return ""
