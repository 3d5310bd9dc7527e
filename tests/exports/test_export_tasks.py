"""`export_tasks`: the same file from a command line; what goes wrong has an exit code and a sentence."""

import hashlib
import json

import pytest
from django.core.management import call_command, execute_from_command_line
from django.core.management.base import CommandError

from telareview.exports.models import ExportRecord
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.exports import rfc4180
from tests.exports.disk import disk_of
from tests.tasks.cards import card
from tests.tasks.records import mirrored, task_json
from tests.tasks.variety import QUERIES, TASKS, variety

pytestmark = pytest.mark.django_db

NOT_WHOLE, WRONG_USE = 1, 2


@pytest.fixture
def default(db):
    """The workspace that commands mean, with forty tasks of every kind."""
    workspace = make_workspace("default")
    mirrored(workspace, *variety())
    return workspace


@pytest.fixture
def target(tmp_path):
    return tmp_path / "tasks.csv"


def export(target, *words):
    call_command("export_tasks", *words, output=str(target))
    return rfc4180.read(target.read_bytes().decode())


def refused(*words, **options):
    """The exit code and the sentence."""
    with pytest.raises(CommandError) as caught:
        call_command("export_tasks", *words, **options)
    return caught.value.returncode, str(caught.value)


@pytest.mark.parametrize("query", ["", *QUERIES])
def test_the_command_writes_what_the_page_sends(default, auditor_of_default, target, query):
    export(target, "--query", query, "--zone", "America/Sao_Paulo")

    assert target.read_bytes() == auditor_of_default.get(f"/tasks.csv?{query}").getvalue()


@pytest.fixture
def auditor_of_default(default, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    return signed_in(make_person("auditor", default))


def test_the_question_mark_of_a_copied_address_does_no_harm(default, target):
    assert len(export(target, "--query", "?status=completed&page=2&limit=25")) == 1 + 30


def test_the_summary_is_said_or_printed_as_one_json_object(default, target, capsys):
    export(target)
    assert capsys.readouterr().out == f"{TASKS} tasks written to {target}\n"

    export(target, "--json")
    octets = target.read_bytes()
    assert json.loads(capsys.readouterr().out) == {
        "rows": TASKS,
        "bytes": len(octets),
        "sha256": hashlib.sha256(octets).hexdigest(),
        "file": str(target),
        "manifest": f"{target}.manifest.json",
    }


def test_columns_are_named_with_commas(default, target):
    header, *records = export(target, "--columns", "id, output.total.valor,output.cliente", "--query", "q=%2312")

    assert header == ["id", "output.total.valor", "output.cliente"]
    assert {record[1] for record in records} <= {str(number * 50) for number in range(1, TASKS + 1)}
    assert records


def test_columns_in_the_query_count_where_none_are_named(default, target):
    assert export(target, "--query", "cols=id,status")[0] == ["id", "status"]
    assert export(target, "--query", "cols=id,status", "--columns", "name")[0] == ["name"]


def test_days_are_days_of_the_zone_that_is_named(target, db):
    night = "2026-03-02T01:30:00.000Z"
    mirrored(make_workspace("default"), task_json(1, createdAt=night, updatedAt=night))

    query = ("--query", "createdAtSince=2026-03-01&createdAtUntil=2026-03-01")

    assert len(export(target, *query, "--zone", "America/Sao_Paulo")) == 2
    assert len(export(target, *query, "--zone", "Asia/Tokyo")) == 1


def test_a_workspace_is_named_by_its_slug(default, target):
    other = make_workspace("other")
    mirrored(other, task_json(99))

    assert len(export(target, "--workspace", "other")) == 2


def test_an_export_is_recorded_without_a_person(default, target):
    export(target, "--query", "status=completed")

    record = ExportRecord.objects.get()
    assert (record.person, record.person_email, record.outcome) == (None, "", ExportRecord.Outcome.COMPLETE)
    assert record.rows == 30
    assert record.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--query", "status=nonsense"], "nonsense"),
        (["--query", "status=completed&foo=1"], "foo"),
        (["--query", "createdAtSince=yesterday"], "yesterday"),
        (["--columns", "id,password"], "password"),
        (["--columns", "output."], "output."),
        (["--zone", "Mars/Olympus"], "Mars/Olympus"),
        (["--workspace", "nowhere"], "nowhere"),
    ],
)
def test_wrong_use_ends_with_2_a_sentence_and_no_file(default, target, words, sentence):
    code, said = refused(*words, output=str(target))

    assert code == WRONG_USE
    assert sentence in said
    assert not target.exists()
    assert ExportRecord.objects.count() == 0


def test_a_folder_that_is_not_there_is_wrong_use(default, tmp_path):
    code, said = refused(output=str(tmp_path / "nowhere" / "tasks.csv"))

    assert code == WRONG_USE
    assert str(tmp_path / "nowhere") in said


@pytest.mark.parametrize("words", [["--profile", "nonsense", "--output", "x.csv"], [], ["--nonsense"]])
def test_options_that_do_not_fit_are_wrong_use(words, capsys):
    with pytest.raises(SystemExit) as caught:
        execute_from_command_line(["manage.py", "export_tasks", *words])

    assert caught.value.code == WRONG_USE
    assert "usage:" in capsys.readouterr().err


def test_a_full_disk_ends_with_1_and_leaves_the_older_file_as_it_was(default, target):
    target.write_text("of yesterday")
    card(default, name="x" * 8_000_000).save()

    with disk_of(5_000_000):
        code, said = refused(output=str(target))

    assert code == NOT_WHOLE
    assert said.startswith("Nothing was written.")
    assert [path.name for path in target.parent.iterdir()] == ["tasks.csv"]
    assert target.read_text() == "of yesterday"
    assert ExportRecord.objects.get().outcome == ExportRecord.Outcome.FAILED


def test_a_new_file_takes_the_place_of_the_older_one_at_once(default, target):
    target.write_text("of yesterday")

    assert len(export(target)) == 1 + TASKS
    assert {path.name for path in target.parent.iterdir()} == {"tasks.csv", "tasks.csv.manifest.json"}


def test_a_statement_that_fails_ends_with_1(default, target, monkeypatch):
    monkeypatch.setattr("telareview.exports.csv_machine.select_of", lambda *_: "SELECT 1 / 0")

    code, said = refused(output=str(target))

    assert code == NOT_WHOLE
    assert "division by zero" in said
    assert not target.exists()
    assert ExportRecord.objects.get().outcome == ExportRecord.Outcome.FAILED


def test_moments_are_in_utc_whatever_the_zone(default, target):
    query = ("--columns", "id,createdAt", "--query", "q=%2312")

    assert export(target, *query, "--zone", "Asia/Tokyo") == export(target, *query, "--zone", "America/Sao_Paulo")
