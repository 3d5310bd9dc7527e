"""A sandbox to look at (one for all tests of a module) and one to change (a fresh one for each test)."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from telareview.sandbox import SandboxServer

NOW = "2026-11-20T15:00:00.000Z"


class Caller:
    """Calls one sandbox with its key."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.key}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.sandbox.url + path, timeout=10, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self("GET", path, **options)

    def tasks(self, **params: Any) -> list[dict[str, Any]]:
        response = self.get("/task", params={"limit": 100, **params})
        assert response.status_code == 200, response.text
        return response.json()

    def all_tasks(self, **params: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while page := self.tasks(orderBy="createdAt", order="asc", offset=len(rows), **params):
            rows += page
        return rows

    def task(self, task_id: str) -> dict[str, Any]:
        return self.get(f"/task/{task_id}").json()


def served(sandbox: SandboxServer) -> Iterator[Caller]:
    with sandbox:
        caller = Caller(sandbox)
        with caller.session:
            yield caller


@pytest.fixture(scope="module")
def api() -> Iterator[Caller]:
    """600 tasks, not to be changed."""
    yield from served(SandboxServer(tasks=600, seed=7, now=NOW))


@pytest.fixture
def fresh() -> Iterator[Caller]:
    """60 tasks, to be changed."""
    yield from served(SandboxServer(tasks=60, seed=7, now=NOW, run_seconds=0.02, retry_seconds=(0.02, 0.02)))


@pytest.fixture(scope="module")
def everything(api: Caller) -> list[dict[str, Any]]:
    """All 600 tasks, without input and output, oldest first."""
    return api.all_tasks(excludeInputOutputColumns="true")
