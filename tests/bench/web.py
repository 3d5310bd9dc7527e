"""The product's web server as `./run demo` starts it, and a keep-alive connection to it."""

import http.client
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from telareview.demo.children import Child, spawn
from telareview.demo.postgres import free_port
from tests.bench.mirrors import FOLDER, ROOT

START_SECONDS = 60


@dataclass
class Web:
    child: Child
    port: int
    cookie: str

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.child.process.pid}/task/{self.child.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def get(self, connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
        """An answer whose body is still to be read. Raises RuntimeError unless it is 200."""
        connection.request("GET", path, headers={"Cookie": self.cookie})
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {response.read()[:300]!r}")
        return response


@contextmanager
def web_server(cookie: str) -> Iterator[Web]:
    """gunicorn with the product's own settings, on the database of this process."""
    port = free_port()
    child = spawn(
        "web server",
        [
            *(sys.executable, "-m", "gunicorn", "--config", "python:telareview.demo.gunicorn"),
            *("--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", str(FOLDER)),
        ],
        log=FOLDER / "logs" / "web-server.log",
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "telareview.settings"},
    )
    try:
        web = Web(child, port, cookie)
        _wait(web)
        yield web
    finally:
        child.stop(seconds=10)


def _wait(web: Web) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not web.child.alive:
            break
        try:
            web.get(web.connection(), "/healthz").read()
        except (OSError, RuntimeError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The web server does not answer; see {web.child.log}.")
