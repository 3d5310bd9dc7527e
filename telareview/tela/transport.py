"""One call over HTTP: sent to one host only, limited in time and size, its failures in our own words.

Nothing of `requests` or `urllib3` leaves this module. Their exceptions are not even chained to ours: the frames in
their tracebacks hold the request's bytes, and with them the key.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests

from telareview.tela import failures
from telareview.tela.deadline import DeadlineAdapter, time_limit
from telareview.tela.errors import LeftTheHost, ReplyTooLarge, TelaError, WriteRefused, presentable
from telareview.tela.retry import SAFE_VERBS, read_http_date
from telareview.tela.secret import HiddenText, Secret

#: Decoded bytes of one reply. A page of 100 tasks is some 200 kB; this leaves room for a hundredfold.
MAX_RESPONSE_BYTES = 20 * 1024 * 1024
#: Bytes of an error's body that are read: its sentence stands at the start.
MAX_ERROR_BYTES = 64 * 1024
#: Bytes decoded at a time, so that a compressed bomb is stopped after one of them too many.
CHUNK_BYTES = 256 * 1024
#: Connections kept open: one for each thread that may pull at a time.
POOL_SIZE = 8
USER_AGENT = "telareview/0.1.0"

logger = logging.getLogger("telareview.tela")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with a 2xx status, read to its end."""

    status: int
    body: bytes = field(repr=False)
    #: Tela's clock (`Date`), UTC, whole seconds; None when not told.
    server_time: datetime | None
    request_id: str | None


class Transport:
    """Sends calls to one address with one key. May be shared by threads."""

    def __init__(
        self,
        base_url: str,
        key: Secret,
        *,
        connect_timeout: float,
        read_timeout: float,
        total_timeout: float,
        allow_writes: bool,
    ) -> None:
        self._base_url = base_url.strip().rstrip("/")
        #: Scheme, host and port of everything that is sent.
        self.origin = _origin(_checked_address(self._base_url))
        _check_key(key)
        self._key = key
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout
        self._allow_writes = allow_writes
        self._session = _session(_BearerKey(key))
        self._lock = threading.Lock()
        self.waited_seconds = 0.0
        self.calls = 0

    def __repr__(self) -> str:
        return f"<Transport to {self._base_url}>"

    def close(self) -> None:
        self._session.close()

    def exchange(
        self,
        verb: str,
        path: str,
        parameters: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        headers: Mapping[str, str | Secret] | None = None,
    ) -> Reply:
        """Send one call and read its reply. Raises a TelaError for anything but 2xx; never tries twice.

        `headers` go beside those of every call; a Secret among them shows as `***` in any traceback.
        """
        if verb not in SAFE_VERBS and not self._allow_writes:
            raise WriteRefused(f"The call was {presentable(verb, limit=10)} {presentable(path)}.")
        request = self._prepared(verb, path, parameters, body, headers or {})
        started = time.perf_counter()
        reply: Reply | None = None
        failure: TelaError | None = None
        try:
            with time_limit(self._total_timeout):
                reply = self._send(request)
        except TelaError as error:
            failure = failures.without_frames(error)
        except failures.FOREIGN as error:
            failure = failures.no_answer(error, self._connect_timeout, self._read_timeout, self._total_timeout)
        except BaseException as error:
            raise failures.without_frames(error) from error.__cause__
        finally:
            seconds = time.perf_counter() - started
            with self._lock:
                self.waited_seconds += seconds
                self.calls += 1
        self._log(verb, path, seconds, reply, failure)
        if reply is None:
            # Outside the handler, so that no foreign exception becomes the context of ours.
            raise failure or TelaError()
        return reply

    def _prepared(
        self,
        verb: str,
        path: str,
        parameters: Sequence[tuple[str, str]],
        body: bytes | None,
        extra: Mapping[str, str | Secret],
    ) -> requests.PreparedRequest:
        if not path.startswith("/") or not path.isascii() or not path.isprintable():
            raise ValueError(f"A path begins with a slash and is plain ASCII, unlike {path!r}.")
        headers = {"Content-Type": "application/json"} if body is not None else {}
        for name, value in extra.items():
            headers[name] = HiddenText(value.reveal()) if isinstance(value, Secret) else value
        request = self._session.prepare_request(
            requests.Request(verb, self._base_url + path, params=list(parameters), data=body, headers=headers)
        )
        if _origin(urlsplit(request.url or "")) != self.origin:
            raise LeftTheHost("Nothing was sent.")
        return request

    def _send(self, request: requests.PreparedRequest) -> Reply:
        timeouts = (self._connect_timeout, self._read_timeout)
        response = self._session.send(request, stream=True, timeout=timeouts, allow_redirects=False)
        try:
            request_id = presentable(response.headers.get("x-request-id") or "", limit=100) or None
            server_time = read_http_date(response.headers.get("Date"))
            if not 200 <= response.status_code < 300:
                body, _ = _read(response, MAX_ERROR_BYTES)
                raise failures.refusal(
                    response.status_code,
                    response.headers,
                    body,
                    request_id=self._masked(request_id),
                    now=server_time or datetime.now(UTC),
                    mask=self._masked,
                )
            body, whole = _read(response, MAX_RESPONSE_BYTES)
            if not whole:
                raise ReplyTooLarge(status=response.status_code, request_id=self._masked(request_id))
            return Reply(response.status_code, body, server_time, self._masked(request_id))
        finally:
            response.close()

    def _masked[T: (str, str | None)](self, text: T) -> T:
        """`text` without the key, which a careless server may echo."""
        return text.replace(self._key.reveal(), "***") if text else text

    def _log(self, verb: str, path: str, seconds: float, reply: Reply | None, failure: TelaError | None) -> None:
        if not logger.isEnabledFor(logging.DEBUG):
            return
        answer = reply or failure
        status = (answer.status if answer else None) or (failure.code if failure else "-")
        request_id = (answer.request_id if answer else None) or "-"
        logger.debug("%s %s %s %.0f ms %s", verb, path, status, seconds * 1000, request_id)


class _BearerKey(requests.auth.AuthBase):
    """Sets the Authorization header, in a text that shows as `***` in any traceback."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "<Bearer ***>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = HiddenText("Bearer " + self._key.reveal())
        return request


class OneHostSession(requests.Session):
    """A session that never follows: `requests` would read a redirect's whole body even when told not to follow it."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _session(auth: _BearerKey) -> requests.Session:
    session = OneHostSession()
    # No netrc, no proxy and no other certificates out of the environment; TLS is verified.
    session.trust_env = False
    session.auth = auth
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"})
    session.adapters.clear()
    adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=POOL_SIZE, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _read(response: requests.Response, limit: int) -> tuple[bytes, bool]:
    """At most `limit` decoded bytes of the body, and whether that is all of it."""
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and len(announced) < 20 and int(announced) > MAX_RESPONSE_BYTES:
        return b"", False
    received: list[bytes] = []
    size = 0
    for chunk in response.raw.stream(CHUNK_BYTES, decode_content=True):
        received.append(chunk)
        size += len(chunk)
        if size > limit:
            return b"".join(received)[:limit], False
    return b"".join(received), True


def _checked_address(address: str) -> SplitResult:
    """The parts of the base address. Raises ValueError without repeating it: it may hold a password."""
    wish = "Give the address of the API as in https://api.tela.com (TELA_API_URL)"
    try:
        parts = urlsplit(address)
        port = parts.port
        (parts.hostname or "").encode("idna")
    except (ValueError, UnicodeError):
        raise ValueError(f"{wish}: this one cannot be read.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"{wish}: it needs http:// or https:// and a host.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError(f"{wish}: without a name, password, question mark or hash.")
    if not address.isprintable() or any(letter.isspace() or letter == "\\" for letter in address):
        raise ValueError(f"{wish}: without blanks or backslashes.")
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port: what must be the same for every call."""
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def _check_key(key: Secret) -> None:
    value = key.reveal()
    fits: Any = value and value.isascii() and value.isprintable() and not any(letter.isspace() for letter in value)
    if not fits:
        raise ValueError("The API key is empty or holds blanks or letters no key has. Check TELA_API_KEY.")
