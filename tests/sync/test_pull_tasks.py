"""`pull_tasks`: an exit code, a line for people, one JSON object for programs."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command, execute_from_command_line
from django.core.management.base import CommandError
from django.db import connection

from telareview.accounts.models import Workspace
from telareview.sandbox import SandboxServer
from telareview.sync.exclusive import PULL_LOCK
from telareview.sync.management.commands import pull_tasks
from telareview.sync.models import Bookmark, SyncRun
from telareview.tasks.models import Task
from tests.accounts.cast import make_workspace
from tests.sync.tela import NOW, connect, held_by, mirrored_by

pytestmark = pytest.mark.django_db

COMPLETE, NOT_WHOLE, WRONG_USE = 0, 1, 2
TASKS = 120
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tela(settings):
    """A small Tela that the environment names, so that the workspace `default` is made from it."""
    with SandboxServer(tasks=TASKS, now=NOW) as sandbox:
        settings.TELA_API_URL, settings.TELA_API_KEY = sandbox.url, sandbox.key
        yield sandbox


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Between two calls of a client; tests have no time for it."""
    monkeypatch.setattr("telareview.tela.client.RETRIES", 1)
    monkeypatch.setattr("telareview.tela.retry.FIRST_WAIT_SECONDS", 0.01)


def run(capsys, *words):
    """The exit code, and what was printed on both channels. One connection shares the test's transaction."""
    code = COMPLETE
    try:
        call_command("pull_tasks", "--connections", "1", *words)
    except CommandError as error:
        code = error.returncode
    except SystemExit as error:
        code = int(str(error.code))
    return code, *capsys.readouterr()


def summary_of(printed):
    """The JSON object that stands last."""
    return json.loads(printed.strip().splitlines()[-1])


def test_a_pull_that_is_whole_ends_with_0_and_a_line(tela, capsys):
    code, out, err = run(capsys)

    assert (code, err) == (COMPLETE, "")
    assert out.startswith(f"backfill: {TASKS} fetched, {TASKS} new, 0 changed, 0 unchanged, 0 gone, 0 failed in ")
    assert mirrored_by(Workspace.objects.get(slug="default")) == held_by(tela)


def test_one_json_object_is_printed_last_with_the_fields_that_are_promised(tela, capsys):
    code, out, _err = run(capsys, "--json")

    summary = summary_of(out)
    assert code == COMPLETE
    assert [summary[name] for name in ("fetched", "new", "changed", "unchanged", "gone", "failed")] == [
        *(TASKS, TASKS, 0, 0, 0, 0)
    ]
    assert (summary["outcome"], summary["error"]) == ("complete", None)
    stored = SyncRun.objects.get()
    assert (summary["run"], summary["kind"], summary["calls"]) == (stored.pk, "backfill", stored.calls)


def test_a_second_pull_brings_what_is_new(tela, capsys):
    run(capsys, "--json")
    tela.world.arrive(name="New.pdf")
    tela.world.rename(tela.world.ids()[0], "Renamed.pdf")

    _code, out, _err = run(capsys, "--json")

    summary = summary_of(out)
    assert (summary["kind"], summary["new"], summary["changed"]) == ("pull", 1, 1)


@pytest.mark.parametrize("envelope", ["bare", "data"])
def test_either_envelope_of_the_list_will_do(settings, capsys, envelope):
    with SandboxServer(tasks=TASKS, now=NOW, envelope=envelope) as sandbox:
        settings.TELA_API_URL, settings.TELA_API_KEY = sandbox.url, sandbox.key

        assert summary_of(run(capsys, "--json")[1])["new"] == TASKS


def test_a_list_without_inputs_and_outputs_is_mirrored_all_the_same(settings, capsys):
    with SandboxServer(tasks=TASKS, now=NOW, list_payload="light") as sandbox:
        settings.TELA_API_URL, settings.TELA_API_KEY = sandbox.url, sandbox.key

        code, out, _err = run(capsys, "--json")

    assert (code, summary_of(out)["new"], Task.objects.count()) == (COMPLETE, TASKS, TASKS)


def test_since_and_until_read_a_stretch_and_leave_the_bookmark(tela, capsys):
    run(capsys)
    before = Bookmark.objects.get().updated_at
    inside, outside = tela.world.ids()[:2]
    tela.world.rename(inside, "Inside.pdf", at="2026-11-20T18:00:00.000Z")
    tela.world.rename(outside, "Outside.pdf", at="2026-11-20T20:00:00.000Z")

    _code, out, _err = run(capsys, "--json", "--since", "2026-11-20T17:00:00Z", "--until", "2026-11-20T16:00:00-03:00")

    assert (summary_of(out)["fetched"], summary_of(out)["changed"]) == (1, 1)
    assert Task.objects.filter(name="Inside.pdf").exists()
    assert Bookmark.objects.get().updated_at == before


def test_full_walks_every_task_again(tela, capsys):
    run(capsys)

    summary = summary_of(run(capsys, "--json", "--full")[1])

    assert (summary["kind"], summary["new"], summary["changed"]) == ("backfill", 0, 0)
    assert summary["unchanged"] == TASKS


def test_a_workspace_is_named_by_its_slug(tela, capsys, settings):
    other = connect(make_workspace("other"), tela)
    settings.TELA_API_URL, settings.TELA_API_KEY = "http://127.0.0.1:9", ""

    assert run(capsys, "--workspace", "other")[0] == COMPLETE
    assert Task.objects.of(other).count() == TASKS


# --- Not whole ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (lambda tela: tela.faults.switch(1.0, ("500",)), "Tela itself failed"),
        (lambda tela: tela.faults.switch(1.0, ("html",)), "A web page (HTML) came instead of JSON"),
        (lambda tela: tela.faults.switch(1.0, ("cut",)), "broke off"),
        (lambda tela: tela.stop(), "Tela could not be reached"),
    ],
    ids=["500", "html", "cut", "refused"],
)
def test_a_pull_that_is_not_whole_ends_with_1_and_a_sentence(tela, capsys, trouble, words):
    trouble(tela)

    code, out, err = run(capsys)
    assert code == NOT_WHOLE
    assert err.startswith("Not whole: ")
    assert words in err

    code, out, _err = run(capsys, "--json")
    summary = summary_of(out)
    assert code == NOT_WHOLE
    assert summary["outcome"] == "incomplete"
    assert words in summary["error"]
    assert tela.key not in out


def test_what_arrived_before_the_trouble_is_counted_and_kept(tela, capsys):
    run(capsys)
    tela.world.arrive(name="New.pdf")
    tela.faults.switch(1.0, ("500",))

    assert run(capsys)[0] == NOT_WHOLE
    assert Task.objects.count() == TASKS


def test_a_wrong_key_is_said(tela, capsys, settings):
    settings.TELA_API_KEY = "wrong-key-4711"

    code, out, err = run(capsys, "--json")

    assert code == NOT_WHOLE
    assert summary_of(out)["error"].startswith("Tela refused the API key (401). Check TELA_API_KEY.")
    assert "wrong-key-4711" not in out + err


def test_without_a_key_the_json_object_stands_last_all_the_same(settings, capsys):
    settings.TELA_API_KEY = ""

    code, out, _err = run(capsys, "--json")

    assert code == NOT_WHOLE
    assert summary_of(out) == {
        **dict.fromkeys(("fetched", "new", "changed", "unchanged", "gone", "failed"), 0),
        "outcome": "incomplete",
        "error": "This workspace has no API key. Set TELA_API_KEY, or enter a key in the administration pages.",
    }


def test_another_pull_is_waited_for_and_then_said(tela, capsys, monkeypatch):
    monkeypatch.setattr(pull_tasks, "PATIENCE_SECONDS", 0)
    workspace = connect(make_workspace("default"), tela)
    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    with psycopg.connect(**known, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [PULL_LOCK, workspace.pk])

        code, out, _err = run(capsys, "--json")

    assert code == NOT_WHOLE
    assert "Another pull of this workspace is running" in summary_of(out)["error"]


# --- Wrong use -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--since", "yesterday"],
        ["--until", "2026-02-30"],
        ["--full", "--since", "2026-01-01"],
        ["--sweep", "--until", "2026-01-01"],
        ["--workspace", "nowhere"],
    ],
)
def test_wrong_use_ends_with_2_and_asks_nothing(tela, capsys, words):
    code, _out, _err = run(capsys, *words)

    assert code == WRONG_USE
    assert tela.requests == []
    assert SyncRun.objects.count() == 0


@pytest.mark.parametrize("number", ["0", "-1", "33"])
def test_a_number_of_connections_that_makes_no_sense_is_wrong_use(tela, number):
    with pytest.raises(CommandError) as caught:
        call_command("pull_tasks", connections=int(number))

    assert caught.value.returncode == WRONG_USE


@pytest.mark.parametrize("words", [["--connections", "many"], ["--nonsense"], ["extra"]])
def test_options_that_do_not_exist_are_wrong_use(words):
    with pytest.raises(SystemExit) as caught:
        execute_from_command_line(["manage.py", "pull_tasks", *words])

    assert caught.value.code == WRONG_USE


# --- As a process of its own -----------------------------------------------------------------------------------


def test_the_command_as_a_process_of_its_own(transactional_db, tmp_path):
    """Through four connections, with its exit code and nothing but the object on its output."""
    database = connection.settings_dict
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}?sslmode=disable".format_map(database)
    with SandboxServer(tasks=400, now=NOW) as sandbox:
        told = {"DATABASE_URL": address, "TELA_API_URL": sandbox.url, "TELA_API_KEY": sandbox.key}

        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", "pull_tasks", "--json"],
            env={**os.environ, **told, "TELAREVIEW_VAR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert done.returncode == COMPLETE, done.stderr
        assert json.loads(done.stdout)["new"] == 400
        assert sandbox.key not in done.stdout + done.stderr
        assert mirrored_by(Workspace.objects.get(slug="default")) == held_by(sandbox)
    assert SyncRun.objects.get().started_at > dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2)
