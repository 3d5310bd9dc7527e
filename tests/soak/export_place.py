"""Where exports are made to be killed: a web server and a worker with a spool of their own, and a slow client."""

import contextlib
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests
from django.conf import settings
from django.http import QueryDict
from django.test import Client
from urllib3.exceptions import HTTPError

from telareview.accounts.models import Workspace
from telareview.accounts.people import add_person
from telareview.demo.children import Child, spawn
from telareview.demo.postgres import free_port
from telareview.exports.jobs import ask_for_file
from telareview.exports.models import ExportRecord
from telareview.exports.plan import plan_export
from telareview.exports.record import open_record
from telareview.exports.stored import path_of
from tests.bench.mirrors import ROOT, environment
from tests.soak.place import address

#: Up to the end of a job that is taken up again; a killed worker's heart counts as beating for a minute.
PATIENCE_SECONDS = 240
#: What is sent is read so slowly that a kill can fall in between.
READ_BYTES, READ_NAP_SECONDS = 256 * 1024, 0.002


@dataclass
class Answer:
    """What a client got of a file that was asked for at once."""

    status: int = 0
    #: The address of its manifest, where the answer came so far.
    link: str = ""
    #: Of the whole body; "" where it broke off.
    sha256: str = ""
    done: threading.Event = field(default_factory=threading.Event)


class Place:
    """A web server and workers on this process's database, with a spool of their own below `folder`."""

    def __init__(self, folder: Path, workspace: Workspace) -> None:
        self.folder, self.workspace = folder, workspace
        self.spool = folder / "spool"
        self.spool.mkdir(parents=True, exist_ok=True)
        settings.VAR_DIR = folder
        self.person, _password = add_person("auditor@soak.example", "auditor", workspace)
        client = Client(SERVER_NAME="localhost")
        client.force_login(self.person)
        self.cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
        self.port = free_port()
        self.web: Child | None = None
        self.worker: Child | None = None

    def start_web(self) -> None:
        """Unless it lives; returns when it answers."""
        if self.web is None or not self.web.alive:
            words = (*("-m", "gunicorn", "--config", "python:telareview.demo.gunicorn"), "--bind")
            self.web = self._begun("web", [sys.executable, *words, f"127.0.0.1:{self.port}"])
        wait_for("the web server", self._answers)

    def start_worker(self) -> None:
        """Unless it lives."""
        if self.worker is None or not self.worker.alive:
            self.worker = self._begun("worker", [sys.executable, ROOT / "manage.py", "worker"])

    def leave(self) -> None:
        for child in (self.worker, self.web):
            if child is not None:
                child.stop(seconds=20)

    def page(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", cookies=self.cookies, timeout=60)

    def ask(self, profile: str) -> Answer:
        """Ask for the file at once, and read it in a thread."""
        answer = Answer()

        def read() -> None:
            digest = hashlib.sha256()
            try:
                with requests.get(
                    f"http://127.0.0.1:{self.port}/tasks.csv?profile={profile}",
                    cookies=self.cookies, stream=True, timeout=PATIENCE_SECONDS,
                ) as response:  # fmt: skip
                    answer.status, answer.link = response.status_code, response.headers.get("Link", "")
                    while block := response.raw.read(READ_BYTES):
                        digest.update(block)
                        time.sleep(READ_NAP_SECONDS)
                    answer.sha256 = digest.hexdigest()
            except (requests.RequestException, OSError, HTTPError):
                answer.sha256 = ""
            finally:
                answer.done.set()

        threading.Thread(target=read, daemon=True).start()
        return answer

    def order(self, profile: str) -> ExportRecord:
        """Put a job into the queue, as the panel does for many tasks."""
        plan = plan_export(self.workspace, QueryDict(), profile=profile, requested_by=self.person.email)
        record = open_record(plan, self.person, by_job=True)
        ask_for_file(record.pk)
        return record

    def bytes_of(self, record_id: int) -> int | None:
        """What lies in an export's folder; None where it has none."""
        found: int | None = None
        for where, _folders, names in os.walk(self.spool / str(record_id)):
            found = found or 0
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    found += os.stat(os.path.join(where, name)).st_size
        return found

    def leftovers(self) -> list[str]:
        """What lies in the spool and belongs to no kept file."""
        kept = ExportRecord.objects.filter(kept_until__isnull=False, removed_at=None)
        wanted = {path_of(record) for record in kept}
        return [str(path) for path in self.spool.rglob("*") if path.is_file() and path not in wanted] + [
            str(path) for path in self.spool.rglob(".export-*")
        ]

    def _answers(self) -> bool:
        """Whether the web server does. Raises RuntimeError when it has ended."""
        assert self.web is not None
        if not self.web.alive:
            raise RuntimeError(f"The web server ended:\n{self.web.last_words(20)}")
        try:
            return self.page("/healthz").status_code == 200
        except requests.RequestException:
            return False

    def _begun(self, name: str, command: list[str | Path]) -> Child:
        more = {"SECRET_KEY": settings.SECRET_KEY, "TELAREVIEW_VAR": str(self.folder)}
        env = environment(address(), DJANGO_SETTINGS_MODULE="telareview.settings", **more)
        return spawn(name, command, log=self.folder / "logs" / f"{name}.log", cwd=ROOT, env=env)


def wait_for(what: str, reached: Callable[[], bool], nap: float = 0.05) -> None:
    """Raises RuntimeError when it is not reached."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not get there in {PATIENCE_SECONDS} s.")
        time.sleep(nap)
