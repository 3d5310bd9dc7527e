"""Calls as Tela makes them, and an address to make them to."""

import json
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.test import Client
from django.test.client import ClientHandler

SECRET = "whsec-acme-4711-do-not-show"
ADDRESS = "/webhooks/tela/acme/"

#: The payload of a run, byte for byte as Tela's guide prints it.
RUN_ENDED = (Path(__file__).parent / "documented_webhook.txt").read_bytes()
RUN_ID = UUID("b83b1558-de5b-4e45-b517-7bececbdd154")


def event(task_id: UUID | str | None, name: str = "task.approved", number: int = 1, **changes: Any) -> bytes:
    """A Workstation event about a task."""
    return json.dumps(
        {
            "id": f"evt-{number}",
            "event": name,
            "timestamp": f"2026-03-01T12:00:{number % 60:02}.000Z",
            "task": {"id": str(task_id), "title": "INV-1.pdf", "description": None, "status": "completed"},
            "inputContent": {"files": [{"filename": "a.pdf", "content": "…", "type": "file"}]},
            "outputContent": "{}",
            **changes,
        }
    ).encode()


def call(body: bytes, secret: str | None = SECRET, *, address: str = ADDRESS, **headers: str) -> Any:
    """One call through every layer of Django; what would be a server error is an answer, not an exception."""
    if secret is not None:
        headers = {"X-Telareview-Secret": secret, **headers}
    client = Client(raise_request_exception=False)
    return client.post(address, body, content_type="application/json", headers=headers)


def bare_call(body: bytes, **environ: Any) -> int:
    """The status for an environ as a web server would hand it over, also where its length is a lie."""
    request = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": ADDRESS,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "HTTP_X_TELAREVIEW_SECRET": SECRET,
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.url_scheme": "http",
        **environ,
    }
    return _handler()(request).status_code


@cache
def _handler() -> ClientHandler:
    """Loading the middleware takes longer than a call."""
    return ClientHandler(enforce_csrf_checks=True)
