"""`kill -9` in the middle of an export: never short, always said. A hundred kills: `./run soak exports`."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from telareview.accounts.workspaces import ensure_default_workspace
from telareview.exports import unfinished
from telareview.exports.models import ExportRecord
from telareview.exports.upkeep import tidy
from telareview.tasks.models import Task
from tests.bench.mirrors import ROOT, environment
from tests.soak.export_place import Place
from tests.soak.exports import AT_ONCE, DATABASE, JOB, PROCESS, Trial
from tests.soak.place import address
from tests.tasks.cards import card

pytestmark = pytest.mark.django_db(transaction=True)

#: Long enough for a kill to fall into it.
TASKS, NAME = 4_000, "ção; =1+1 " * 40


@pytest.fixture
def workspace(transactional_db):
    made = ensure_default_workspace()
    Task.objects.bulk_create([card(made, name=NAME, tags=["a", "b"]) for _ in range(TASKS)], 1_000)
    return made


@pytest.fixture
def place(workspace, tmp_path, settings):
    settings.VAR_DIR = tmp_path
    made = Place(tmp_path, workspace)
    yield made
    made.leave()


def end_backend(pid: int) -> None:
    """As a restart of the database would; the server of the tests is not to be killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.parametrize(("way", "profile"), [(AT_ONCE, "xlsx"), (JOB, "excel")])
def test_whatever_is_killed_no_file_is_short_and_each_is_accounted_for(place, way, profile):
    trial = Trial(place, random.Random(5), end_backend)
    trial.learn(way, profile, TASKS)

    for victim in (DATABASE, PROCESS):
        trial.kill_once(way, victim, profile)

    assert trial.kills + trial.missed == 2
    assert trial.wrong == []
    assert ExportRecord.objects.filter(ended_at=None).count() == 0
    assert place.leftovers() == []


def test_a_killed_command_is_failed_and_its_rest_goes_with_the_next_export_there(workspace, tmp_path):
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "tasks.xlsx"
    words = [sys.executable, str(ROOT / "manage.py"), "export_tasks", "--profile", "xlsx", "--output", str(target)]
    env = environment(address(), SECRET_KEY=settings.SECRET_KEY, TELAREVIEW_VAR=str(tmp_path))
    command = subprocess.Popen(words, env=env, cwd=ROOT)
    begun = Path(target.parent)
    while not any(path.stat().st_size > 100_000 for path in begun.rglob("*") if path.is_file()):
        assert command.poll() is None
        time.sleep(0.002)

    command.send_signal(signal.SIGKILL)
    command.wait()

    assert not target.exists()
    left = [path.name for path in begun.iterdir()]
    assert [name.startswith(unfinished.PREFIX) for name in left] == [True]
    wait_until_closed()
    record = ExportRecord.objects.get()
    assert (record.outcome, record.trouble) == ("failed", "ended")
    subprocess.run(words, env=env, cwd=ROOT, check=True, capture_output=True)
    assert {path.name for path in begun.iterdir()} == {"tasks.xlsx", "tasks.xlsx.manifest.json"}


def wait_until_closed() -> None:
    """PostgreSQL notices within moments that a client is gone."""
    deadline = time.monotonic() + 30
    while ExportRecord.objects.filter(ended_at=None).exists():
        assert time.monotonic() < deadline
        tidy()
        time.sleep(0.05)


def test_only_what_nobody_writes_is_cleared(tmp_path):
    with unfinished.workplace(tmp_path) as living:
        dead = tmp_path / f"{unfinished.PREFIX}dead{unfinished.SUFFIX}"
        dead.mkdir()
        (dead / "tasks.csv").write_bytes(b"half")

        assert unfinished.clear_unfinished(tmp_path) == 1

        assert [path.name for path in tmp_path.iterdir()] == [living.name]
    assert list(tmp_path.iterdir()) == []


def test_a_workplace_cleared_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    real, stolen = unfinished._locked, []

    def late(folder: Path) -> int:
        if not stolen:
            stolen.append(folder)
            folder.rmdir()
        return real(folder)

    monkeypatch.setattr(unfinished, "_locked", late)

    with unfinished.workplace(tmp_path) as folder:
        assert folder.is_dir()
        assert os.listdir(tmp_path) == [folder.name]
