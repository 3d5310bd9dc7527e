"""The embedded server, really started: once for the quiet tests, anew for those that hurt it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from telareview.demo import postgres
from telareview.demo.binaries import PostgresError, find_binaries
from telareview.demo.roles import APP, OWNER

OWN_A_SERVER = """
import sys, time
from pathlib import Path
from telareview.demo import postgres
server = postgres.start(Path(sys.argv[1]), durable=False)
print(server.owned, server.child.process.pid if server.child else 0, server.port, flush=True)
sys.stdin.read()
server.leave(waiting=lambda: print("waiting", flush=True))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    server = postgres.start(tmp_path_factory.mktemp("quiet"), durable=False)
    yield server
    server.leave()


def other_process(base: Path) -> tuple["subprocess.Popen[str]", bool, int]:
    """A second process that starts or joins the server of `base`; whether it owns it, and the server's process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_A_SERVER, str(base)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    owned, pid, _port = process.stdout.readline().split()
    return process, owned == "True", int(pid)


def close(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=30)


def eventually(happens: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happens():
            return True
        time.sleep(0.02)
    return False


def is_running(pid: int) -> bool:
    """Whether it does anything: a zombie, killed but not yet reaped by its foster parent, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def test_the_application_is_no_superuser_and_owns_its_database(server: postgres.Server) -> None:
    with psycopg.connect(server.url()) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreatedb, (SELECT datdba::regrole::text FROM pg_database WHERE datname = %s)"
            " FROM pg_roles WHERE rolname = current_user",
            [postgres.DATABASE],
        ).fetchone()

    assert role == (False, True, OWNER)


def test_upper_case_knows_accents(server: postgres.Server) -> None:
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT upper('ação')").fetchone() == ("AÇÃO",)


@pytest.mark.parametrize("user", [OWNER, postgres.SUPERUSER])
def test_nobody_gets_in_without_the_password(server: postgres.Server, user: str) -> None:
    url = server.url(user=user).replace(server.password, "guess")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_the_password_is_readable_by_its_owner_alone(server: postgres.Server) -> None:
    assert (server.base / "password").stat().st_mode & 0o777 == 0o600
    assert (server.base / "data").stat().st_mode & 0o077 == 0


def test_a_second_process_joins_and_leaves_it_running(server: postgres.Server) -> None:
    process, owned, _pid = other_process(server.base)
    close(process)

    assert not owned
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_owner_waits_for_those_who_joined(tmp_path: Path) -> None:
    owner, _owned, pid = other_process(tmp_path)
    guest = postgres.start(tmp_path, durable=False)

    assert owner.stdin
    assert owner.stdout
    with owner:
        owner.stdin.close()
        told = owner.stdout.readline()
        with psycopg.connect(guest.url()) as connection:
            answer = connection.execute("SELECT 1").fetchone()
        guest.leave()

    assert told == "waiting\n"
    assert answer == (1,)
    assert not is_running(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_it_ends_with_an_owner_that_is_killed(tmp_path: Path) -> None:
    owner, _owned, pid = other_process(tmp_path)

    owner.kill()
    owner.communicate()

    assert eventually(lambda: not is_running(pid))


def test_it_starts_again_after_being_killed(tmp_path: Path) -> None:
    first = postgres.start(tmp_path, durable=False)
    assert first.child
    with psycopg.connect(first.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    first.child.process.send_signal(signal.SIGKILL)
    first.leave()

    second = postgres.start(tmp_path, durable=False)
    with psycopg.connect(second.url()) as connection:
        row = connection.execute("SELECT number FROM kept").fetchone()
    second.leave()

    assert second.owned
    assert row == (7,)


def test_a_pid_file_that_names_another_program_is_no_server(tmp_path: Path) -> None:
    postgres.start(tmp_path, durable=False).leave()
    # This very process: alive, but no PostgreSQL. So does a number look that was given anew after a restart.
    (tmp_path / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}/data\n0\n1\n\n127.0.0.1\n")

    server = postgres.start(tmp_path, durable=False)
    server.leave()

    assert server.owned


def test_a_half_made_data_folder_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.new" / "base").mkdir(parents=True)
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")

    server = postgres.start(tmp_path, durable=False)
    server.leave()

    assert not (tmp_path / "data.new").exists()


def test_data_of_another_version_is_left_alone_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresError, match=r"was made by PostgreSQL 12, but .* Set TELAREVIEW_PG_BIN"):
        postgres.start(tmp_path, durable=False)


def test_the_programs_named_in_the_environment_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, answer in (("postgres", "postgres (PostgreSQL) 17.3 (Debian)"), ("initdb", "")):
        (folder / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("TELAREVIEW_PG_BIN", str(folder))

    binaries = find_binaries()

    assert (binaries.folder, binaries.major) == (folder, 17)


@pytest.mark.parametrize("version", ["14.9", None])
def test_a_named_folder_without_a_fitting_server_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str | None
) -> None:
    if version:
        for name in ("postgres", "initdb"):
            (tmp_path / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
            (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("TELAREVIEW_PG_BIN", str(tmp_path))

    with pytest.raises(PostgresError, match=r"TELAREVIEW_PG_BIN is .* where no PostgreSQL 15 or newer"):
        find_binaries()


def test_the_app_role_owns_nothing_and_has_a_password_of_its_own(server: postgres.Server) -> None:
    with psycopg.connect(server.url(user=APP)) as connection:
        role = connection.execute(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole, pg_has_role(%s, 'MEMBER') FROM pg_roles"
            " WHERE rolname = current_user",
            [OWNER],
        ).fetchone()

    assert role == (False, False)
    assert server.app_password != server.password
    assert (server.base / "app-password").stat().st_mode & 0o777 == 0o600


def test_a_folder_of_before_gets_the_app_role(tmp_path: Path) -> None:
    server = postgres.start(tmp_path, durable=False)
    with psycopg.connect(server.url(user=postgres.SUPERUSER), autocommit=True) as connection:
        connection.execute(f"DROP ROLE {APP}")
    server.leave()

    server = postgres.start(tmp_path, durable=False)

    with psycopg.connect(server.url(user=APP)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (APP,)
    server.leave()
