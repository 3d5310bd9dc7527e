"""The databases that are measured: an embedded server of the benchmark's own, below `var/bench`."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from telareview.demo import postgres

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "bench"
#: What must not leak from the shell into a measurement.
PRIVATE = ("DATABASE_URL", "TELA_API_KEY", "TELA_API_URL", "DEBUG", "ALLOWED_HOSTS", "TELAREVIEW_VAR")
#: How long the server may be at the tables of a database that is to go.
VACUUM_SECONDS = 120
#: Nobody answers there, and it is this machine.
NOWHERE = "http://127.0.0.1:9"
SECRET_KEY = secrets.token_urlsafe(50)


class Mirrors:
    """Databases on one server. Seeded ones are kept for later runs, as long as migrations and seeding are the same."""

    def __init__(self, server: postgres.Server) -> None:
        self.server = server

    def seeded(self, tasks: int, versions: int = 1) -> str:
        """Address of a mirror with so many seeded tasks, so many versions each; made, or taken from an earlier run."""
        name = f"seeded_{tasks}" + (f"x{versions}" if versions > 1 else "")
        state = fingerprint()
        with self._connect() as connection:
            row = connection.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
            ).fetchone()
        if row is None or row[0] != state:
            self.fresh(name)
            say(f"Making a mirror of {tasks:,} tasks × {versions}; it is kept in {FOLDER} for the next run …")
            asked = ("--tasks", str(tasks), "--versions", str(versions))
            manage("seed_mirror", *asked, database=self.server.url(name))
            with self._connect() as connection:
                # Last of all: a mirror that was left half made carries no comment.
                connection.execute(
                    sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(state))
                )
        return self.server.url(name)

    def fresh(self, name: str) -> str:
        """Address of an empty database with every table, made anew."""
        self.empty(name)
        manage("migrate", "--verbosity", "0", database=self.server.url(name))
        return self.server.url(name)

    def empty(self, name: str) -> str:
        """Address of a database without a table, made anew."""
        self.drop(name)
        with self._connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.server.url(name)

    def copy(self, name: str, to: str) -> str:
        """Address of a copy of a database, made anew."""
        self.drop(to)
        with self._connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(to), sql.Identifier(name)
                )
            )
        return self.server.url(to)

    def drop(self, name: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        until = time.monotonic() + VACUUM_SECONDS
        with self._connect() as connection:
            while True:
                try:
                    connection.execute(statement)
                    return
                except psycopg.errors.InsufficientPrivilege:
                    # The server is tidying up there itself, and lets nobody but its owner stop that.
                    if time.monotonic() > until:
                        raise
                    time.sleep(1)

    def _connect(self) -> "psycopg.Connection[tuple[str | None, ...]]":
        return psycopg.connect(self.server.url(), autocommit=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """For one process at a time: two that measure would measure each other, and share a server that ends with one.

    Ends the program with a sentence where another one is at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running.lock").open("w") as file:
        if not postgres.try_lock(file):
            raise SystemExit(f"Another one runs in {folder}. Wait until it has ended, then start again.")
        yield


@contextmanager
def mirrors(*, durable: bool) -> Iterator[Mirrors]:
    """The benchmark's server for as long as the block runs. `durable` waits for the disk at each commit."""
    server = postgres.start(FOLDER / ("durable" if durable else "fast"), durable=durable)
    try:
        yield Mirrors(server)
    finally:
        server.leave()


def fingerprint() -> str:
    """Of all that decides what a seeded mirror holds."""
    sources = [*ROOT.glob("telareview/*/migrations/*.py"), *ROOT.glob("telareview/demo/seed*.py")]
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def environment(database: str, **more: str) -> Mapping[str, str]:
    """Of a process that is measured: product defaults, this database, nothing from the shell."""
    inherited = {name: value for name, value in os.environ.items() if name not in PRIVATE}
    return {
        **inherited,
        "DATABASE_URL": database,
        "SECRET_KEY": SECRET_KEY,
        "TELAREVIEW_VAR": str(FOLDER),
        "TELA_API_URL": NOWHERE,
        **more,
    }


def manage(*words: str, database: str) -> None:
    """One command of the product. Raises CalledProcessError."""
    subprocess.run([sys.executable, ROOT / "manage.py", *words], cwd=ROOT, env=environment(database), check=True)


def measured(program: str, *words: str, database: str, settings: str) -> Any:
    """The JSON that a program of this folder prints last, run in a process of its own. Raises RuntimeError."""
    log = FOLDER / "logs" / f"{program}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as complaints:
        done = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{program}", *words],
            cwd=ROOT,
            env=environment(database, DJANGO_SETTINGS_MODULE=settings),
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(f"{program} failed; see {log}.")
    return json.loads(done.stdout.splitlines()[-1])


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
