"""PostgreSQL without a system server: one embedded server per state folder, reached over loopback with a password.

The server is a child in the foreground and ends with the process that started it. Others may use it meanwhile; the
owner waits for them before it stops. Knows no Django.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from telareview.demo.binaries import Binaries, PostgresError, StandIn, find_binaries, stand_in
from telareview.demo.children import Child, spawn
from telareview.demo.private import write_private
from telareview.demo.roles import APP, OWNER, make_roles

DATABASE = "telareview"
SUPERUSER = "postgres"
START_SECONDS = 60  # Recovery after a kill takes seconds; a cold disk a little more.
STOP_SECONDS = 10
START_ATTEMPTS = 3  # Another process may take the free port between choosing and binding it.
LOCALES = ("C.UTF-8", "en_US.UTF-8")  # The first is everywhere but on older macOS.
# Statements and rows that failed stay out of the server's log: people's data stands in them.
DISCREET = ("log_min_error_statement=panic", "log_error_verbosity=terse")
# What was committed survives a killed server, but not a power cut.
UNSAFE_BUT_FAST = ("fsync=off", "full_page_writes=off")


@dataclass
class Server:
    """A server that answers on 127.0.0.1:`port`. `child` is None when another process owns it."""

    base: Path
    port: int
    password: str
    child: Child | None
    #: Held as long as this process owns (`owner.lock`) or uses (`users.lock`) the server.
    lock: IO[str]

    @property
    def owned(self) -> bool:
        return self.child is not None

    @property
    def app_password(self) -> str:
        """Another one than the owner's, or the app could sign in as the owner."""
        return _password(self.base, "app-password")

    def url(self, database: str = DATABASE, user: str = OWNER) -> str:
        password = self.app_password if user == APP else self.password
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def leave(self, *, waiting: Callable[[], None] | None = None) -> None:
        """Ends this process's use, and the server if this process owns it.

        With `waiting` the owner first waits for all users, and calls it once if there are any.
        """
        if self.child:
            with locked(self.base / "users.lock", first=waiting) if waiting else nullcontext():
                self.child.stop(STOP_SECONDS)
        self.lock.close()


def start(base: Path, *, durable: bool) -> Server:
    """The running server of the folder `base`, or a new one; the database exists afterwards.

    `durable=False` gives up safety at a power cut for speed. Raises PostgresError with a sentence that says what to do.
    """
    base = base.absolute()
    base.mkdir(mode=0o711, parents=True, exist_ok=True)
    with ExitStack() as on_failure:
        # From here on an owner that is about to stop waits for us; one that is stopping lets us wait.
        use = on_failure.enter_context((base / "users.lock").open("w"))
        fcntl.flock(use, fcntl.LOCK_SH)
        with locked(base / "start.lock"):
            ownership = on_failure.enter_context((base / "owner.lock").open("w"))
            port = _running_port(base)
            if not try_lock(ownership):
                if port is None:
                    raise PostgresError(f"The server of {base} has ended, but not yet the command that started it.")
                server = Server(base, port, _password(base), None, use)
            else:
                if port is not None:
                    _stop_leftover(base)
                child, port = _start(base, durable=durable)
                on_failure.callback(child.stop, STOP_SECONDS)
                server = Server(base, port, _password(base), child, ownership)
            # Also where it was joined: an older telareview may have made it.
            _prepare_database(server)
        on_failure.pop_all()
    (use if server.owned else ownership).close()
    return server


@contextmanager
def locked(path: Path, *, first: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the file's lock, after a call of `first` if others hold it. The kernel frees it however we end."""
    with path.open("w") as file:
        if not try_lock(file):
            if first:
                first()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_lock(file: IO[str]) -> bool:
    """Takes the open file's lock if nobody holds it; closing the file gives it back."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop_leftover(base: Path) -> None:
    """Ends a server whose owner was killed, where the kernel could not do it."""
    pid_file = base / "data" / "postmaster.pid"
    with suppress(OSError, ValueError):
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
    deadline = time.monotonic() + START_SECONDS
    while pid_file.exists():
        if time.monotonic() > deadline:
            raise PostgresError(f"A leftover PostgreSQL server on {base} does not stop. Stop it, then start again.")
        time.sleep(0.02)


def _running_port(base: Path) -> int | None:
    """The port of a live server on this folder, once it answers; None, and no stale pid file, where there is none."""
    pid_file = base / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_SECONDS
    while pid_file.exists():
        lines = pid_file.read_text().splitlines()
        if not (lines and lines[0].isdecimal() and _is_postgres(int(lines[0]), base / "data")):
            # A killed server, an unreaped zombie or another program with its number after a restart.
            pid_file.unlink(missing_ok=True)
            return None
        if len(lines) > 3 and _answers(int(lines[3]), _password(base)):
            return int(lines[3])
        if time.monotonic() > deadline:
            raise PostgresError(f"A PostgreSQL server (process {lines[0]}) holds {base} but does not answer. Stop it.")
        time.sleep(0.05)
    return None


def _is_postgres(pid: int, data: Path) -> bool:
    """Whether process `pid` is a server on `data`. A zombie has no command line, so it is not."""
    try:
        if sys.platform == "linux":
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        else:
            words = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True).stdout
    except OSError:
        return False
    return "postgres" in words and str(data) in words


def _start(base: Path, *, durable: bool) -> tuple[Child, int]:
    binaries = find_binaries()
    who = stand_in(binaries)
    data = base / "data"
    if not data.exists():
        _initialise(binaries, base, who, durable=durable)
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise PostgresError(
            f"{data} was made by PostgreSQL {made_by}, but {binaries.folder} is version {binaries.major}. "
            f"Set TELAREVIEW_PG_BIN to the folder of a version {made_by}, or move {data} away to begin anew."
        )
    if who:
        who.take(data)
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", *DISCREET]
    settings += () if durable else UNSAFE_BUT_FAST
    for _attempt in range(START_ATTEMPTS):
        port = free_port()
        child = spawn(
            "PostgreSQL",
            [binaries.folder / "postgres", "-D", data, "-p", str(port), *(f"-c{setting}" for setting in settings)],
            log=base / "logs" / "postgresql.log",
            cwd=base,
            # A fast, clean shutdown, in every case.
            stop_signal=signal.SIGINT,
            at_parents_death=signal.SIGINT,
            before_exec=who.before_exec if who else None,
        )
        if _came_up(child, port, _password(base)):
            return child, port
    raise PostgresError(f"PostgreSQL did not start. The end of {child.log}:\n{child.last_words()}")


def _came_up(child: Child, port: int, password: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while child.alive and time.monotonic() < deadline:
        if _answers(port, password):
            return True
        time.sleep(0.02)
    child.stop(STOP_SECONDS)
    return False


def _initialise(binaries: Binaries, base: Path, who: StandIn | None, *, durable: bool) -> None:
    """Makes the data folder in one step: a killed attempt leaves only `data.new`, which the next one clears."""
    unfinished = base / "data.new"
    password_file = base / "data.password"
    complaints = []
    for locale in LOCALES:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_file.unlink(missing_ok=True)
        write_private(password_file, lambda: _password(base))
        if who:
            who.take(unfinished)
            who.take(password_file)
        made = subprocess.run(
            [
                *(binaries.folder / "initdb", "-D", unfinished, "-U", SUPERUSER, "-A", "scram-sha-256"),
                *(f"--pwfile={password_file}", "-E", "UTF8", f"--locale={locale}"),
                *(() if durable else ("--no-sync",)),
            ],
            capture_output=True,
            text=True,
            cwd=base,
            preexec_fn=who.before_exec if who else None,
        )
        password_file.unlink()
        if made.returncode == 0:
            unfinished.rename(base / "data")
            return
        complaints.append(made.stderr.strip() or made.stdout.strip())
    raise PostgresError(f"PostgreSQL's initdb failed in {base}:\n" + "\n".join(complaints))


def _prepare_database(server: Server) -> None:
    with _connect(server.port, server.password) as connection:
        make_roles(connection, {OWNER: server.password, APP: server.app_password}, DATABASE)


def _connect(port: int, password: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user=SUPERUSER,
        password=password,
        dbname="postgres",
        sslmode="disable",
        connect_timeout=3,
        autocommit=True,
    )


def _answers(port: int, password: str) -> bool:
    try:
        _connect(port, password).close()
    except psycopg.OperationalError:
        return False
    return True


def _password(base: Path, name: str = "password") -> str:
    """The folder's own password. Loopback alone would let every local account read the mirror."""
    return write_private(base / name, lambda: secrets.token_urlsafe(24))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # A closed server's port lingers in TIME_WAIT; a new server may use it all the same.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
