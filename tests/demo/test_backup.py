"""A backup of a mirror at work, put back into an empty database, is the mirror it was, and goes on."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pgtrigger
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from telareview.accounts.models import Person, Workspace
from telareview.ledger.models import Leaf, SigningKey
from telareview.ledger.sealing import seal
from telareview.sandbox import SandboxServer
from telareview.sync.models import SyncRun
from telareview.sync.pull import pull_tasks, sweep_tasks
from telareview.tasks.models import Task, TaskVersion
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.sync.tela import client_of, connect, held_by, mirrored_by

pytestmark = pytest.mark.django_db(transaction=True)

EMPTY = "restored_by_a_test"
AUDITOR = "auditor@acme.example"


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(tasks=300) as server:
        yield server


@pytest.fixture
def acme(sandbox: SandboxServer) -> Workspace:
    """A workspace filled and sealed."""
    workspace = connect(make_workspace("acme"), sandbox)
    pull(workspace, sandbox)
    seal()
    return workspace


@pytest.fixture
def empty() -> Iterator[str]:
    """Name of a database without a table, on the same server."""
    run_outside(f"DROP DATABASE IF EXISTS {EMPTY} WITH (FORCE)", f"CREATE DATABASE {EMPTY}")
    yield EMPTY
    run_outside(f"DROP DATABASE {EMPTY} WITH (FORCE)")


def run_outside(*statements: str) -> None:
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as outside:
        for statement in statements:
            outside.execute(statement)


@contextmanager
def within(database: str) -> Iterator[None]:
    """This process works on another database of the same server."""
    former = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = former


def pull(workspace: Workspace, sandbox: SandboxServer) -> SyncRun:
    with client_of(sandbox) as client:
        run = pull_tasks(workspace, client, connections=1)
    assert run.outcome == SyncRun.Outcome.COMPLETE, run.error
    return run


def work(sandbox: SandboxServer) -> None:
    """People approve some tasks, revoke others, and new ones arrive."""
    for task_id in sandbox.world.ids("validating")[:10]:
        sandbox.world.approve(task_id)
    for task_id in sandbox.world.ids("completed")[:5]:
        sandbox.world.revoke(task_id)
    for _ in range(5):
        sandbox.world.arrive()


def lists(moments: list[dt.datetime]) -> list[bytes]:
    """The CSV as of each moment, and of now, as an auditor takes it away."""
    known = Person.objects.filter(email=AUDITOR).first()
    reader = signed_in(known or make_person("auditor", Workspace.objects.get(), AUDITOR))
    addresses = [f"/tasks.csv?asOf={moment:%Y-%m-%dT%H:%M:%S.%fZ}" for moment in moments]
    answers: list[Any] = [reader.get(address) for address in [*addresses, "/tasks.csv?gone=include"]]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    return [b"".join(answer.streaming_content) for answer in answers]


def versions() -> list[tuple[object, ...]]:
    fields = ("pk", "task_id", "number", "kind", "observed_at", "updated_at", "payload__text")
    return list(TaskVersion.objects.order_by("pk").values_list(*fields))


def test_a_restored_backup_is_whole_says_the_same_and_goes_on(
    acme: Workspace, sandbox: SandboxServer, empty: str, tmp_path: Path
) -> None:
    first = timezone.now()
    work(sandbox)
    pull(acme, sandbox)
    seal()
    moments = [first, timezone.now()]
    before, told, kept = lists(moments), versions(), tmp_path / "backup"
    call_command("backup", str(kept))
    # What happens after the backup is not in it.
    work(sandbox)
    pull(acme, sandbox)

    with within(empty):
        call_command("restore", str(kept))

        call_command("verify_history")
        assert lists(moments) == before
        assert versions() == told
        restored = Workspace.objects.get()
        pull(restored, sandbox)
        with client_of(sandbox) as client:
            sweep_tasks(restored, client)
        assert mirrored_by(restored) == held_by(sandbox)
        assert versions()[: len(told)] == told
        assert_every_task_has_its_versions_once(restored)
        seal()
        call_command("verify_history")
        assert Leaf.objects.filter(source="version").count() == TaskVersion.objects.count() > len(told)
        with pytest.raises(DatabaseError), transaction.atomic():
            TaskVersion.objects.filter(number=1).update(number=2)


def assert_every_task_has_its_versions_once(workspace: Workspace) -> None:
    """Numbers without a gap, each state once in a row."""
    numbers: dict[object, list[int]] = {}
    for task_id, number in TaskVersion.objects.order_by("task_id", "number").values_list("task_id", "number"):
        numbers.setdefault(task_id, []).append(number)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert dict(Task.objects.of(workspace).values_list("task_id", "version_number")) == {
        task_id: found[-1] for task_id, found in numbers.items()
    }


def test_a_backup_is_for_its_owner_alone_and_overwrites_nothing(acme: Workspace, tmp_path: Path) -> None:
    kept = tmp_path / "backup"

    call_command("backup", str(kept))

    assert kept.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(kept))


def test_nothing_is_put_into_a_database_that_is_in_use(acme: Workspace, tmp_path: Path) -> None:
    kept = tmp_path / "backup"
    call_command("backup", str(kept))

    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", str(kept))


def test_another_secret_key_is_told(acme: Workspace, empty: str, tmp_path: Path, capsys: object) -> None:
    kept = tmp_path / "backup"
    with pgtrigger.ignore():
        SigningKey.objects.update(private_key_encrypted="of another SECRET_KEY")
    call_command("backup", str(kept))

    with within(empty), pytest.raises(SystemExit):
        call_command("restore", str(kept))

    assert "SECRET_KEY has changed" in capsys.readouterr().err  # type: ignore[attr-defined]


def test_of_a_backup_that_was_cut_short_nothing_is_put_back(acme: Workspace, empty: str, tmp_path: Path) -> None:
    kept = tmp_path / "backup"
    call_command("backup", str(kept))
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) * 9 // 10])

    with within(empty):
        with pytest.raises(CommandError, match="nothing was changed"):
            call_command("restore", str(kept))
        assert connection.introspection.table_names() == []


def test_what_is_no_backup_is_told(empty: str, tmp_path: Path) -> None:
    (tmp_path / "else").write_text("something else")

    with within(empty):
        with pytest.raises(CommandError, match="nothing was changed"):
            call_command("restore", str(tmp_path / "else"))
        assert connection.introspection.table_names() == []
