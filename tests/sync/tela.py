"""The sandbox as Tela: what it holds over HTTP, a workspace that points at it, and a client that waits for nothing."""

from typing import Any

import requests

from telareview.accounts.models import Workspace
from telareview.sandbox import SandboxServer
from telareview.tasks.models import Payload, Task
from telareview.tela import TelaClient, canonical_json, decode

NOW = "2026-11-20T15:00:00.000Z"


def connect(workspace: Workspace, sandbox: SandboxServer, key: str = "") -> Workspace:
    """Let the workspace's own client ask this sandbox."""
    workspace.api_url = sandbox.url
    workspace.set_api_key(key or sandbox.key)
    workspace.save()
    return workspace


def client_of(sandbox: SandboxServer, **options: Any) -> TelaClient:
    """A client that repeats calls at once."""
    return TelaClient(sandbox.url, options.pop("key", sandbox.key), sleep=lambda seconds: None, **options)


def rows_of(sandbox: SandboxServer, **query: str) -> list[dict[str, Any]]:
    """Every row Tela holds for a question, page by page, numbers kept to the digit; nobody writes meanwhile."""
    rows: list[dict[str, Any]] = []
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.key}"
        while True:
            asked = {"orderBy": "createdAt", "order": "asc", **query, "limit": "100", "offset": str(len(rows))}
            answer = session.get(f"{sandbox.url}/task", params=asked, timeout=10)
            assert answer.status_code == 200, answer.text
            page = decode(answer.content)
            page = page["data"] if isinstance(page, dict) else page
            rows += page
            if not page:
                return rows


def held_by(sandbox: SandboxServer) -> dict[str, str]:
    """Id → canonical JSON of everything in the sandbox."""
    return {row["id"]: canonical_json(row) for row in rows_of(sandbox)}


def mirrored_by(workspace: Workspace) -> dict[str, str]:
    """Id → canonical JSON of the newest version of everything in the mirror."""
    newest = dict(Task.objects.of(workspace).values_list("version_id", "task_id"))
    payloads = Payload.objects.filter(version__in=newest).values_list("version_id", "text")
    return {str(newest[version]): text for version, text in payloads}
