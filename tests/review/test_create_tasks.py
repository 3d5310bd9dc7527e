"""`manage.py create_tasks`: exit codes, and the same file twice."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from telareview.review.models import Batch, OutgoingAction
from telareview.sandbox.apps import INVOICES
from tests.accounts.cast import make_person
from tests.review.batches import marked
from tests.tasks.records import mirrored, task_json

LINE = "nota {n}.pdf,lote,https://files.example/{n}.pdf\n"


@pytest.fixture(autouse=True)
def known_app(acme):
    mirrored(acme, task_json(900, promptApplicationId=INVOICES.id, promptVersionId=INVOICES.versions[-1].id))


@pytest.fixture
def run(tmp_path, capsys):
    def command(text, *options):
        file = tmp_path / "notas.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        code = 0
        try:
            call_command("create_tasks", str(file), "--workspace=acme", *options)
        except CommandError as error:
            code, said = error.returncode, str(error)
        else:
            said = ""
        out, err = capsys.readouterr()
        return code, out, said + err

    return command


def table(count):
    return "name,tags,document\n" + "".join(LINE.format(n=n) for n in range(count))


def test_every_row_becomes_a_task(run, acme, sandbox):
    code, out, _said = run(table(150), "--json")

    assert code == 0
    told = json.loads(out.splitlines()[-1])
    assert told.pop("batch") == Batch.objects.get().pk
    assert told == {"rows": 150, "sendable": 150, "invalid": 0, "created": 150, "state": "ended", "error": None}
    assert sum(marked(sandbox).values()) == 150
    assert {action.person_email for action in OutgoingAction.objects.all()} == {"command line"}


def test_a_dry_run_sends_nothing(run, sandbox):
    code, out, _said = run(table(3), "--dry-run")

    assert (code, out.strip()) == (0, "3 rows: 0 created, 0 cannot be sent. Nothing was sent.")
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert not Batch.objects.exists()

    code, _out, said = run(table(2) + ",lote,\n", "--dry-run")
    assert code == 1
    assert "line 4: The name is missing." in said


def test_rows_that_cannot_be_sent_are_said_and_the_rest_is_sent(run, sandbox):
    code, out, said = run(table(2) + "sem,,\n", "--json")

    assert code == 1
    assert "line 4: “document” is missing." in said
    assert json.loads(out.splitlines()[-1])["created"] == 2


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("nome\na\n", (), "The column “name” is missing"),
        (b"", (), "The file is empty."),
        (table(1), ("--app=nope",), "no id of an app"),
        (table(1), ("--person=nobody@acme.example",), "no member of acme"),
    ],
)
def test_wrong_use_is_two(run, sandbox, text, options, said):
    code, _out, told = run(text, *options)

    assert code == 2
    assert said in told
    assert {request.method for request in sandbox.requests} <= {"GET"}


def test_where_writing_is_off_nothing_is_sent(run, acme, settings, sandbox):
    settings.TELA_ALLOW_WRITES = False

    code, _out, said = run(table(1))

    assert code == 2
    assert "TELA_ALLOW_WRITES" in said
    assert run(table(1), "--dry-run")[0] == 0


def test_a_person_acts_in_their_own_name_if_they_may(run, acme, operator, sandbox):
    make_person("viewer", acme, "vera@acme.example")

    assert run(table(1), "--person=vera@acme.example")[0] == 2
    assert run(table(1), f"--person={operator.email}")[0] == 0
    assert OutgoingAction.objects.get().person_email == operator.email


def test_a_file_that_was_stopped_goes_on_and_one_that_was_sent_is_not_sent_twice(run, acme, sandbox, monkeypatch):
    monkeypatch.setattr("telareview.review.sending.FIRST_WAIT_SECONDS", 0.0)
    monkeypatch.setattr("telareview.review.lost.SETTLE_SECONDS", 0.0)
    sandbox.faults.switch(1.0, ("429",))
    sandbox.faults.retry_after_seconds = 0
    code, _out, said = run(table(5), f"--app={INVOICES.id}")
    assert code == 2 or "fewer calls" in said
    sandbox.faults.clear()

    assert run(table(5))[0] == 0
    code, _out, said = run(table(5))
    assert code == 2
    assert "was sent already" in said
    assert sum(marked(sandbox).values()) == 5
    assert run(table(5), "--again")[0] == 0
    assert sum(marked(sandbox).values()) == 10
