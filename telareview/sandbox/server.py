"""The HTTP side: keep-alive, one send per answer, and breakage on request."""

import socket
import struct
import sys
import time
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from telareview.sandbox.clock import Clock
from telareview.sandbox.errors import Refusal
from telareview.sandbox.exchange import Reply, Request, refused
from telareview.sandbox.faults import Faults
from telareview.sandbox.query import parameters
from telareview.sandbox.routes import Api

MOST_BODY_BYTES = 25 * 1024 * 1024
IDLE_SECONDS = 75
LOGGED_REQUESTS = 20_000
_HTML = "text/html; charset=utf-8"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Stop(Exception):
    """The connection was broken on purpose."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    #: Two sandboxes on one port would share its requests out between them.
    allow_reuse_port = False

    def __init__(
        self, address: tuple[str, int], api: Api, faults: Faults, clock: Clock, latency_seconds: float = 0.0
    ) -> None:
        self.api, self.faults, self.clock, self.latency_seconds = api, faults, clock, latency_seconds
        self.log: list[Request] = []
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the look-up of the machine's own name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), (OSError, Stop)):
            super().handle_error(request, client_address)

    def remember(self, request: Request) -> None:
        self.log.append(request)
        if len(self.log) > LOGGED_REQUESTS:
            del self.log[: LOGGED_REQUESTS // 2]

    def hang_up(self) -> None:
        """Close the door, and also the connections that clients keep open."""
        self.stopping.set()
        self.server_close()
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """The log is `Server.log`."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What cannot be read as HTTP, or has a method nobody knows, is refused in the usual shape."""
        self.close_connection = True
        known = HTTPStatus(code)
        self._send(refused(Refusal(code, known.name, message or known.phrase)))

    def _serve(self) -> None:
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(target.path), parameters(target.query), headers)
        self.server.remember(request)
        try:
            request.body = self._body(headers)
            self._answer(request)
        except Refusal as refusal:
            self.close_connection = True
            self._send(refused(refusal), request)
        except Stop:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = _serve

    def _answer(self, request: Request) -> None:
        server, faults = self.server, self.server.faults
        fault = request.fault = faults.draw(request)
        if server.latency_seconds:
            server.stopping.wait(server.latency_seconds)
        if fault == "timeout":
            server.stopping.wait(faults.hang_seconds)
            raise Stop
        if fault == "slow":
            server.stopping.wait(faults.slow_seconds)
        reply = _broken(fault, faults) or self._reply(request)
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            raise Stop
        self._send(reply, request, cut=fault == "cut")

    def _reply(self, request: Request) -> Reply:
        try:
            return self.server.api.answer(request)
        except Exception:
            traceback.print_exc()
            return refused(Refusal(500, "INTERNAL_ERROR", "The sandbox itself failed; see its error output"))

    def _send(self, reply: Reply, request: Request | None = None, *, cut: bool = False) -> None:
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            f"Date: {http_date(self.server.clock.now())}",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {len(reply.body)}",
            f"x-request-id: {uuid4()}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
            *(["Connection: close"] if self.close_connection else []),
        ]
        body = b"" if self.command == "HEAD" else reply.body
        if cut:
            body = body[: len(body) // 2]
        if request is not None:
            request.status = reply.status
        self.wfile.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        if cut:
            raise Stop

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise Refusal(400, "BAD_REQUEST", "Content-Length is not a number")
        self._check_size(int(length))
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            self._check_size(len(body) + size)
            body += self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(4096).strip():
            continue
        return bytes(body)

    def _chunk_size(self) -> int:
        digits = self.rfile.readline(64).split(b";")[0].strip()
        if not digits or digits.strip(b"0123456789abcdefABCDEF"):
            raise Refusal(400, "BAD_REQUEST", "A chunk has no size")
        return int(digits, 16)

    def _check_size(self, size: int) -> None:
        if size > MOST_BODY_BYTES:
            raise Refusal(413, "PAYLOAD_TOO_LARGE", "The body is too large")


def _broken(fault: str | None, faults: Faults) -> Reply | None:
    """The answer of a fault that keeps the request from being carried out."""
    if fault == "429":
        wait = str(faults.retry_after_seconds)
        return refused(Refusal(429, "TOO_MANY_REQUESTS", "Too many requests", headers={"Retry-After": wait}))
    if fault == "500":
        return refused(Refusal(500, "INTERNAL_SERVER_ERROR", "Something went wrong"))
    if fault == "502html":
        page = (
            b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>"
        )
        return Reply(502, page, _HTML)
    if fault == "html":
        return Reply(200, b"<!doctype html><title>Sign in</title><script>alert(1)</script><p>Please sign in.", _HTML)
    return None


def http_date(moment: int) -> str:
    """An HTTP date, whatever the machine's language, from milliseconds since 1970."""
    at = time.gmtime(moment // 1000)
    day = f"{_WEEKDAYS[at.tm_wday]}, {at.tm_mday:02d} {_MONTHS[at.tm_mon - 1]} {at.tm_year}"
    return f"{day} {at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} GMT"
