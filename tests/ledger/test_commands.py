"""`verify_history`, `export_history`, `seal_history`: what they say, and how they exit."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from telareview.ledger.models import Leaf, SigningKey
from telareview.ledger.sealing import seal
from telareview.tasks.models import TaskVersion
from tests.ledger.history import acme_history, as_owner
from tests.ledger.witness import problems, run
from tests.tasks.records import NOON, mirrored, task_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(acme):
    acme_history(acme)
    seal()
    return acme


def verified(*words: str) -> tuple[int, dict]:
    out, code = io.StringIO(), 0
    try:
        call_command("verify_history", "--json", *words, stdout=out)
    except SystemExit as error:
        code = int(error.code or 0)
    return code, json.loads(out.getvalue())


def test_a_whole_history(sealed):
    code, told = verified()

    assert code == 0
    assert told["whole"]
    [workspace] = told["workspaces"]
    del workspace["name"]
    assert workspace == {
        "workspace": "acme",
        "whole": True,
        "leaves": 7,
        "checkpoints": 1,
        "payloads": 6,
        "erased": 0,
        "requests": [],
        "unsealed": 0,
        "waiting_since": None,
        "problems": [],
        "problem_count": 0,
    }


def test_an_empty_history_is_whole(acme):
    assert verified()[0] == 0


def test_what_is_not_sealed_yet_is_counted(sealed):
    mirrored(sealed, task_json(70), at=NOON)

    code, told = verified()

    assert code == 0
    assert told["workspaces"][0]["unsealed"] == 1
    assert told["workspaces"][0]["waiting_since"]


def test_a_history_that_was_altered(sealed, capsys):
    version = TaskVersion.objects.order_by("pk")[2]
    with as_owner() as cursor:
        cursor.execute("UPDATE tasks_taskversion SET status = 'completed' WHERE id = %s", [version.pk])

    code, told = verified()

    assert code == 1
    assert told["workspaces"][0]["problems"] == [
        {
            "leaf": 2,
            "to": 2,
            "code": "altered",
            "sentence": f"leaf 2: version {version.pk} says something else than what was sealed",
        }
    ]
    with pytest.raises(SystemExit):
        call_command("verify_history")
    said = capsys.readouterr()
    assert "leaf 2: version" in said.err
    assert "NOT WHOLE" in said.out


def test_a_checkpoint_that_was_altered(sealed):
    with as_owner() as cursor:
        cursor.execute("UPDATE ledger_checkpoint SET note = replace(note, '— ', '— x')")

    code, told = verified()

    assert code == 1
    assert {each["code"] for each in told["workspaces"][0]["problems"]} == {"not_signed"}


def test_a_checkpoint_signed_with_a_foreign_key(sealed):
    with as_owner() as cursor:
        cursor.execute("UPDATE ledger_signingkey SET public_key = sha256(public_key)")

    assert verified()[1]["workspaces"][0]["problems"][0]["code"] == "not_signed"


def test_a_checkpoint_kept_outside_is_compared(sealed, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text("nonsense")

    assert verified("--checkpoint", str(kept))[0] == 1
    with pytest.raises(CommandError, match="cannot be read") as error:
        call_command("verify_history", "--checkpoint", str(tmp_path / "none"))
    assert error.value.returncode == 2


def test_an_unknown_workspace_is_wrong_use(acme):
    with pytest.raises(CommandError, match="no workspace") as error:
        call_command("verify_history", "--workspace", "nowhere")
    assert error.value.returncode == 2


def test_a_source_that_nobody_declares_any_more_is_told(sealed):
    with as_owner() as cursor:
        cursor.execute("UPDATE ledger_leaf SET source = 'rumour' WHERE index = 6")

    assert "leaf 6: rumour" in verified()[1]["workspaces"][0]["problems"][0]["sentence"]


def test_the_record_of_a_workspace_is_verified_by_a_stranger(sealed, elsewhere, tmp_path, capsys):
    mirrored(elsewhere, task_json(33))
    seal()

    call_command("export_history", "--workspace", "acme", "--output", tmp_path / "record")

    assert "7 leaves and 1 checkpoints" in capsys.readouterr().out
    assert "INV-00033" not in "".join(path.read_text() for path in (tmp_path / "record").iterdir())
    assert run("history", tmp_path / "record").returncode == 0


def test_a_record_can_go_without_payloads(sealed, tmp_path):
    call_command("export_history", "--workspace", "acme", "--without-payloads", "--output", tmp_path / "record")

    assert "Frete" not in (tmp_path / "record" / "events.jsonl").read_text()
    assert problems(tmp_path / "record") == []
    assert "made without payloads" in run("history", tmp_path / "record").stdout


def test_a_record_never_overwrites(sealed, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(CommandError, match="not empty") as error:
        call_command("export_history", "--workspace", "acme", "--output", tmp_path)
    assert error.value.returncode == 2


def test_seal_history_seals_and_shows_the_key(acme, capsys):
    mirrored(acme, task_json(1))

    call_command("seal_history")

    said = capsys.readouterr().out
    assert "1 records sealed" in said
    assert f"acme: {SigningKey.objects.get().name}+" in said


def test_a_new_key_signs_from_then_on_and_the_tree_keeps_its_name(acme, tmp_path):
    mirrored(acme, task_json(1))
    seal()
    mirrored(acme, task_json(2), at=NOON)

    call_command("seal_history", "--workspace", "acme", "--new-key", stdout=io.StringIO())

    assert SigningKey.objects.filter(workspace=acme).count() == 2
    assert SigningKey.objects.values("name").distinct().count() == 1
    assert verified()[0] == 0
    call_command("export_history", "--workspace", "acme", "--output", tmp_path / "record", stdout=io.StringIO())
    assert problems(tmp_path / "record") == []


def test_a_key_that_cannot_be_read_any_more_stops_the_seal_with_a_sentence(acme, capsys):
    mirrored(acme, task_json(1))
    seal()
    SigningKey.objects.update(private_key_encrypted="gAAAAA")
    mirrored(acme, task_json(2), at=NOON)

    with pytest.raises(SystemExit):
        call_command("seal_history")

    assert "SECRET_KEY has changed" in capsys.readouterr().err
    assert Leaf.objects.count() == 1
