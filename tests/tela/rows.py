"""Rows as Tela sends them, and a server below the level of HTTP that sends whatever bytes a test wants."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

TASK_ID = "8b6d2c9a-1f4e-4c1b-9a1e-3c2d5e6f7a80"
OTHER_ID = "00000000-0000-4000-8000-000000000002"
APP_ID = "95cec438-6080-44fe-8275-28b16bd40178"


def task_row(**changes: Any) -> dict[str, Any]:
    """The example of the reference: approved with one correction."""
    row = {
        "id": TASK_ID,
        "reference": 42,
        "name": "Invoice-2025-001.pdf",
        "status": "completed",
        "rawInput": {"application_id": APP_ID, "variables": {"document": {"files": [{"file_url": "vault://a"}]}}},
        "inputContent": {"variables": {}, "messages": [], "files": []},
        "outputContent": {"role": "assistant", "content": {"cliente": "Acme Corporation", "valor": 150000}},
        "originalOutputContent": {"role": "assistant", "content": {"cliente": "Acme Corp", "valor": 150000}},
        "createdBy": "api@company.com",
        "approvedBy": "reviewer@company.com",
        "approvedAt": "2025-01-15T11:00:00.000Z",
        "completionRunId": "b83b1558-de5b-4e45-b517-7bececbdd154",
        "workflowRunId": None,
        "sourceType": "prompt",
        "agentId": None,
        "promptVersionId": "76065caa-c519-441a-8fe2-cc43e29664ab",
        "promptApplicationId": APP_ID,
        "workspaceId": "3f55cfd9-4427-4887-a181-d9ad39967802",
        "metadata": {
            "editedFields": [
                {
                    "path": "cliente",
                    "author": "reviewer@company.com",
                    "editedAt": "2025-01-15T11:00:00.000Z",
                    "previousValue": "Acme Corp",
                }
            ]
        },
        "tags": ["priority", "reviewed"],
        "createdAt": "2025-01-15T10:30:00.000Z",
        "updatedAt": "2025-01-15T11:00:00.000Z",
        "deletedAt": None,
    }
    return row | changes


def numbered_row(number: int, **changes: Any) -> dict[str, Any]:
    """A row of its own id, created `number` seconds after ten."""
    moment = f"2025-01-15T10:{number // 60:02}:{number % 60:02}.000Z"
    identity = f"00000000-0000-4000-8000-{number:012}"
    return task_row(id=identity, reference=number, createdAt=moment, updatedAt=moment) | changes


def http_reply(body: bytes | object, *headers: str, status: str = "200 OK") -> bytes:
    """A whole HTTP/1.1 reply with its length; anything but bytes is sent as JSON."""
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(octets)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + octets


#: The first byte of a TLS handshake, which has no blank line to wait for.
TLS_HELLO = b"\x16"

#: What a connection gets: bytes, or a function that writes to the socket until the event says stop.
Script = bytes | Callable[[socket.socket, threading.Event], None]


class RawServer:
    """Answers each request with the next script (the last one again and again) and closes the connection."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[bytes] = []
        self._scripts = list(scripts)
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._listen)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._answer, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _answer(self, accepted: socket.socket) -> None:
        with suppress(OSError), accepted, self._secured(accepted) as connection:
            request = b""
            while b"\r\n\r\n" not in request and not request.startswith(TLS_HELLO):
                received = connection.recv(65536)
                if not received:
                    return
                request += received
            self.requests.append(request)
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            if callable(script):
                script(connection, self._stop)
            else:
                connection.sendall(script)

    def _secured(self, accepted: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted
