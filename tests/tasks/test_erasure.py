"""Erasing: nothing of the erased strings is left anywhere, the proof stays whole, and nothing comes back by itself."""

import datetime as dt
import json
import os
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from telareview.accounts.models import SavedView
from telareview.demo.binaries import find_binaries
from telareview.exports.models import ExportRecord
from telareview.exports.stored import path_of
from telareview.ledger.checking import check
from telareview.ledger.sealing import seal, unsealed
from telareview.review.models import OutgoingAction
from telareview.sync.comparing import differing
from telareview.sync.models import Delivery, DriftFinding, QuarantinedRow, SyncRun
from telareview.sync.runs import quarantine
from telareview.sync.webhook import receive
from telareview.tasks.erasure import CannotErase, erase_tasks, lift, tasks_naming
from telareview.tasks.mirror import Look, record_gone, record_tasks
from telareview.tasks.models import Erasure, Kind, Learned, OutputIndex, Payload, Task, TaskVersion, ToldVersion
from telareview.tasks.retention import apply_retention, keep_for
from telareview.tasks.told import record_told
from telareview.tela import RejectedRow
from tests.accounts.cast import make_person, signed_in
from tests.ledger.app_role import working_as_app
from tests.ledger.history import told_entry
from tests.ledger.witness import notes_of, record_of
from tests.ledger.witness import run as run_verifier
from tests.tasks.records import NOON, approved, mirrored, record, task_id, task_json

#: Each stands in one place or several of what is written about the first task, and nowhere else.
CANARIES = (
    "canary-name",
    "canary.creator@acme.example",
    "canary.approver@acme.example",
    "canary-tag",
    "canary-output",
    "canary-input",
    "canary.author@acme.example",
    "canary-told",
    "canary-body",
    "canary-quarantine",
)
DAY = NOON + dt.timedelta(days=1)


@pytest.fixture
def admin(acme):
    return signed_in(make_person("admin", acme, "admin@acme.example"))


def personal(number: int = 1, **changes):
    """A task full of canaries, waiting for review."""
    return task_json(
        number,
        **{
            "name": "canary-name.pdf",
            "createdBy": "canary.creator@acme.example",
            "tags": ["canary-tag"],
            "outputContent": {"role": "assistant", "content": {"cliente": "canary-output"}},
            "rawInput": {"variables": {"text": "canary-input"}},
            **changes,
        },
    )


def personal_approval(number: int = 1):
    edits = [{"path": "cliente", "author": "canary.author@acme.example", "previousValue": "canary-output"}]
    return approved(
        number, by="canary.approver@acme.example", **{**_facts(personal(number)), "metadata": {"editedFields": edits}}
    )


def _facts(raw):
    return {key: raw[key] for key in ("name", "createdBy", "tags", "outputContent", "rawInput")}


def everything_about_the_first_task(workspace) -> None:
    mirrored(workspace, personal(), task_json(2), at=DAY)
    mirrored(workspace, personal_approval(), at=DAY + dt.timedelta(hours=1))
    told = told_entry(1, name="canary-told", changedBy="canary.author@acme.example")
    record_told(workspace, {task_id(1): [told]}, DAY)
    Delivery.objects.create(
        workspace=workspace, received_at=DAY, event_id="1", task_id=task_id(1), body='{"x": "canary-body"}'
    )
    QuarantinedRow.objects.create(
        workspace=workspace,
        task_id=str(task_id(1)),
        reason="unreadable",
        raw_json='{"name": "canary-quarantine"}',
        digest=b"x",
        first_seen_at=DAY,
        last_seen_at=DAY,
    )
    run = SyncRun.objects.create(workspace=workspace, kind="sweep", started_at=DAY)
    DriftFinding.objects.create(run=run, task_id=task_id(1), name="canary-name.pdf", kind="differing")
    ExportRecord.objects.create(
        workspace=workspace,
        started_at=DAY,
        query="q=canary-name&status=completed&approvedBy=canary.approver%40acme.example",
        profile="machine",
        manifest={"filter": {"q": "canary-name"}, "query": "tags=canary-tag"},
    )
    SavedView.objects.create(
        workspace=workspace,
        owner=make_person("viewer", workspace, "v@acme.example"),
        name="mine",
        query="q=canary-name",
    )
    OutgoingAction.objects.create(
        workspace=workspace,
        act="edit",
        person_email="reviewer@acme.example",
        task_id=task_id(1),
        verb="PATCH",
        path="/task",
        body='{"x": "canary-output"}',
        marker=task_id(9),
        answer="canary-output",
    )
    seal()


def stored_export(workspace) -> Path:
    """A kept file of the workspace's list."""
    record = ExportRecord.objects.get()
    record.ended_at, record.outcome, record.file_name = DAY, ExportRecord.Outcome.COMPLETE, "list.csv"
    record.kept_until, record.size_bytes = timezone.now() + dt.timedelta(days=1), 15
    record.rows, record.sha256 = 1, "0" * 64
    record.save()
    path = path_of(record)
    path.parent.mkdir(parents=True)
    path.write_text("canary-name.pdf")
    return path


def dump() -> str:
    """The whole database as `pg_dump` writes it."""
    to = connection.settings_dict
    name = f"postgresql://{to['USER']}@{to['HOST']}:{to['PORT']}/{to['NAME']}"
    done = subprocess.run(
        [find_binaries().folder / "pg_dump", "--inserts", name],
        env={**os.environ, "PGPASSWORD": to["PASSWORD"]},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def hits(text: str) -> dict[str, int]:
    return {canary: text.count(canary) for canary in CANARIES if canary in text}


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_erased_strings_is_left_in_a_dump_of_the_database(acme, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    everything_about_the_first_task(acme)
    stored = stored_export(acme)
    assert set(hits(dump())) == set(CANARIES)

    with working_as_app():
        erase_tasks(acme, [task_id(1)], reason="request 17/2026", asked_by="admin@acme.example")

    assert hits(dump()) == {}
    assert not stored.exists()
    assert ExportRecord.objects.get().query.startswith("q=%28erased+1%29&status=completed")


@pytest.mark.django_db
def test_the_erasure_is_an_event_and_ids_status_and_clocks_stay(acme):
    everything_about_the_first_task(acme)

    erased = erase_tasks(acme, [task_id(1)], reason="request 17/2026", asked_by="admin@acme.example")

    event = TaskVersion.objects.of_task(acme, task_id(1))[0]
    first = TaskVersion.objects.of_task(acme, task_id(1))[2]
    card = Task.objects.get(task_id=task_id(1))
    assert (event.kind, event.number, event.erasure, event.status) == (Kind.ERASED, 3, 1, "completed")
    assert (first.name, first.created_by, first.tags, first.erasure, first.salt) == (None, None, [], 1, None)
    assert first.payload_commit is not None
    assert (card.name, card.erasure, card.version_number, card.reference) == (None, 1, 3, 1)
    assert erased.scope.versions == 2
    assert erased.scope.payloads == 2
    assert erased.scope.told == 1
    assert not Payload.objects.filter(version__task_id=task_id(1)).exists()
    assert Payload.objects.filter(version__task_id=task_id(2)).exists()
    assert Task.objects.get(task_id=task_id(2)).name == "INV-00002.pdf"


@pytest.mark.django_db
def test_the_request_is_recorded_and_sealed_with_what_it_took(acme):
    everything_about_the_first_task(acme)
    taken = [["told", ToldVersion.objects.get().pk]]
    taken += [
        ["version", pk] for pk in sorted(TaskVersion.objects.filter(task_id=task_id(1)).values_list("pk", flat=True))
    ]

    erase_tasks(acme, [task_id(1)], reason="  request\n17/2026 ", asked_by="admin@acme.example")

    request = Erasure.objects.get()
    assert (request.number, request.scope, request.reason) == (1, "tasks", "request 17/2026")
    assert (request.asked_by, request.task_ids) == ("admin@acme.example", [task_id(1)])
    assert json.loads(request.records) == taken
    assert unsealed(acme)[0] == 0


@pytest.mark.django_db
def test_the_history_verifies_after_every_kind_of_erasure_here_and_at_a_strangers(acme, tmp_path):
    everything_about_the_first_task(acme)
    mirrored(acme, task_json(3), at=timezone.now() - dt.timedelta(days=100))
    kept = tmp_path / "kept.txt"
    kept.write_text(notes_of(acme))

    erase_tasks(acme, [task_id(1)], reason="request 17/2026", asked_by="admin@acme.example")
    keep_for(acme, 90)
    apply_retention(acme)
    lift(acme, [task_id(1)], reason="withdrawn")
    mirrored(acme, personal_approval(), at=timezone.now())
    erase_tasks(acme, [task_id(1)], reason="asked again")
    seal()

    verdict = check(acme)
    record = record_of(acme, tmp_path / "record")
    done = run_verifier("history", record, "--checkpoint", kept)
    assert verdict.problems == []
    assert verdict.erased == 2 + 1 + 2 + 2
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "VERIFIED."
    assert [(each.number, each.leaves, bool(each.facts)) for each in verdict.requests] == [
        (1, [(0, 0), (2, 3)], True),
        (2, [(1, 1), (4, 4)], False),
        (4, [(5, 5), (7, 7)], True),
    ]
    assert "leaves 0, 2–3: facts and payload erased under request 1 of 20" in done.stdout
    assert "leaves 1, 4: payload erased under request 2 of 20" in done.stdout
    assert "told by leaf 6 (request 17/2026)" in done.stdout
    assert hits("".join(file.read_text() for file in record.iterdir())) == {}


@pytest.mark.django_db
def test_a_new_pull_of_the_same_task_brings_nothing_personal_back(acme):
    everything_about_the_first_task(acme)
    erase_tasks(acme, [task_id(1)], reason="r")
    look = Look(acme, Learned.PULL, DAY + dt.timedelta(days=1))
    changed = personal_approval() | {
        "status": "validating",
        "approvedAt": None,
        "updatedAt": "2026-03-05T12:00:00.000Z",
    }

    same = record_tasks([record(personal_approval())], look)
    other = record_tasks([record(changed)], look)
    told = record_told(acme, {task_id(1): [told_entry(1, name="canary-told")]}, DAY)

    version = TaskVersion.objects.of_task(acme, task_id(1))[0]
    assert same.unchanged == (task_id(1),)
    assert other.changed == (task_id(1),)
    assert told == 0
    assert (version.status, version.name, version.created_by, version.payload_commit) == (
        "validating",
        None,
        None,
        None,
    )
    assert version.erasure == 1
    assert not Payload.objects.filter(version__task_id=task_id(1)).exists()


@pytest.mark.django_db
def test_neither_a_webhook_call_nor_quarantine_keeps_what_is_told_of_an_erased_task(acme):
    mirrored(acme, personal())
    erase_tasks(acme, [task_id(1)], reason="r")

    receive(acme, json.dumps({"event": "task.updated", "task": {"id": str(task_id(1))}, "x": "canary-body"}).encode())
    words = "canary-quarantine"
    quarantine(acme, [RejectedRow(index=0, reason=words, raw_json=words, task_id=str(task_id(1)))], None)

    assert Delivery.objects.get().body == ""
    assert (QuarantinedRow.objects.get().raw_json, QuarantinedRow.objects.get().reason) == ("", "")


@pytest.mark.django_db
def test_a_sweep_finds_no_difference_in_what_was_erased(acme):
    mirrored(acme, personal())
    erase_tasks(acme, [task_id(1)], reason="r")

    assert differing(acme, [record(personal())]) == []


@pytest.mark.django_db
def test_an_erased_task_may_go_and_come_back(acme):
    mirrored(acme, personal())
    erase_tasks(acme, [task_id(1)], reason="r")

    record_gone([task_id(1)], Look(acme, Learned.SWEEP, timezone.now()))
    record_tasks([record(personal())], Look(acme, Learned.PULL, timezone.now()))

    returned, gone = TaskVersion.objects.of_task(acme, task_id(1))[:2]
    assert (gone.kind, gone.erasure, returned.kind, returned.erasure) == (Kind.GONE, 1, Kind.RETURNED, 1)
    assert returned.name is None


@pytest.mark.django_db
def test_a_lifted_erasure_lets_the_task_in_again_and_what_was_erased_stays_so(acme):
    everything_about_the_first_task(acme)
    erase_tasks(acme, [task_id(1)], reason="r")

    number = lift(acme, [task_id(1)], reason="the request was withdrawn")
    mirrored(acme, personal_approval(), at=timezone.now())

    newest, *former = TaskVersion.objects.of_task(acme, task_id(1))
    assert number == 2
    assert (newest.name, newest.erasure) == ("canary-name.pdf", None)
    assert Payload.objects.filter(version=newest).exists()
    assert {version.name for version in former} == {None}


@pytest.mark.django_db
def test_a_words_other_owner_keeps_it(acme):
    mirrored(acme, personal_approval(1), personal_approval(2))
    ExportRecord.objects.create(
        workspace=acme, started_at=DAY, query="approvedBy=canary.approver%40acme.example", profile="machine"
    )

    erase_tasks(acme, [task_id(1)], reason="r")

    assert ExportRecord.objects.get().query == "approvedBy=canary.approver%40acme.example"


@pytest.mark.django_db
def test_another_workspaces_task_of_the_same_id_stays(acme, elsewhere):
    mirrored(acme, personal())
    mirrored(elsewhere, personal())

    erase_tasks(acme, [task_id(1)], reason="r")

    assert Task.objects.of(elsewhere).get().name == "canary-name.pdf"
    assert Payload.objects.filter(version__workspace=elsewhere).count() == 1


@pytest.mark.django_db
def test_nothing_is_erased_without_a_reason_or_a_task(acme):
    mirrored(acme, personal())

    with pytest.raises(CannotErase, match="reason"):
        erase_tasks(acme, [task_id(1)], reason=" \n")
    with pytest.raises(CannotErase, match="None of these"):
        erase_tasks(acme, [task_id(8)], reason="r")


@pytest.mark.django_db
def test_a_person_is_found_wherever_the_address_stands(acme):
    mirrored(acme, personal_approval(1), task_json(2), task_json(3, createdBy="CANARY.author@acme.example"))

    assert tasks_naming(acme, "canary.author@acme.example") == sorted([task_id(1), task_id(3)])
    assert tasks_naming(acme, "canary_author@acme.example") == []


# --- Commands ----------------------------------------------------------------------------------------------


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, "--workspace", "acme", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_dry_run_says_what_would_go_and_changes_nothing(acme):
    mirrored(acme, personal())

    said = run("erase_task", str(task_id(1)), "--reason", "r", "--dry-run")

    assert "1 tasks: facts of 1 versions, 1 payloads" in said
    assert Task.objects.get().name == "canary-name.pdf"


@pytest.mark.django_db
def test_without_a_terminal_the_commands_want_yes(acme):
    mirrored(acme, personal())

    with pytest.raises(CommandError, match="not confirmed") as caught:
        run("erase_task", str(task_id(1)), "--reason", "r")

    assert caught.value.returncode == 2
    assert Task.objects.get().name == "canary-name.pdf"


@pytest.mark.django_db
def test_the_commands_erase_a_task_lift_that_and_erase_a_person(acme):
    mirrored(acme, personal(1), personal_approval(2), task_json(3))

    erased = run("erase_task", str(task_id(1)), "--reason", "r", "--yes")
    lifted = run("erase_task", str(task_id(1)), "--reason", "r", "--lift")
    person = run("erase_person", "canary.approver@acme.example", "--reason", "r", "--yes")

    assert "Erased under request 1: 1 tasks." in erased
    assert "as request 2" in lifted
    assert "Erased under request 3: 1 tasks." in person
    assert set(Task.objects.filter(erasure__isnull=False).values_list("task_id", flat=True)) == {task_id(2)}


# --- Retention ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nothing_is_erased_for_age_unless_it_is_set(acme):
    mirrored(acme, personal(), at=timezone.now() - dt.timedelta(days=4000))

    assert apply_retention(acme) == 0
    assert Payload.objects.count() == 1


@pytest.mark.django_db
def test_payloads_past_their_time_go_and_facts_stay(acme):
    mirrored(acme, personal(1), at=timezone.now() - dt.timedelta(days=100))
    mirrored(acme, personal(2), at=timezone.now() - dt.timedelta(days=80))
    keep_for(acme, 90)

    assert apply_retention(acme) == 1
    assert apply_retention(acme) == 0

    request = Erasure.objects.get()
    gone = TaskVersion.objects.get(task_id=task_id(1))
    assert (request.scope, json.loads(request.records)) == ("payloads", [["version", gone.pk]])
    assert gone.name == "canary-name.pdf"
    assert Payload.objects.get().version.task_id == task_id(2)
    # Nothing of the output is searched any more, and no column of a file has it.
    assert OutputIndex.objects.get().task_id == task_id(2)


@pytest.mark.django_db
def test_outputs_are_searched_as_long_as_their_payload_is_kept(acme):
    mirrored(acme, personal(1), at=timezone.now() - dt.timedelta(days=100))
    mirrored(acme, {**personal(1), "updatedAt": "2027-01-01T00:00:00.000Z"}, at=timezone.now())
    keep_for(acme, 90)

    assert apply_retention(acme) == 1

    assert OutputIndex.objects.get().task_id == task_id(1)


@pytest.mark.parametrize("days", [0, 29, 36_501])
@pytest.mark.django_db
def test_a_senseless_time_is_refused(acme, days):
    with pytest.raises(ValueError, match="30 to 36500 days"):
        keep_for(acme, days)


# --- Pages -------------------------------------------------------------------------------------------------


def erase_page(admin, **typed):
    typed = {"reason": "request 17", "confirmation": str(task_id(1))[:8], "act": "erase", **typed}
    return admin.post(reverse("tasks:erase", args=[task_id(1)]), typed)


@pytest.mark.django_db
def test_the_page_erases_with_a_reason_and_the_typed_id(acme, admin):
    mirrored(acme, personal())

    asked = admin.get(reverse("tasks:erase", args=[task_id(1)])).content.decode()
    answer = erase_page(admin)
    shown = admin.get(answer.url).content.decode()

    assert "1 payloads" in asked
    assert answer.status_code == 302
    assert "Erased under request 1" in shown
    assert hits(shown) == {}
    assert Erasure.objects.get().asked_by == "admin@acme.example"


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"confirmation": "yes"}, {"confirmation": ""}])
@pytest.mark.django_db
def test_a_missing_reason_or_confirmation_erases_nothing(acme, admin, wrong):
    mirrored(acme, personal())

    assert erase_page(admin, **wrong).status_code == 422
    assert Task.objects.get().name == "canary-name.pdf"


@pytest.mark.django_db
def test_only_administrators_may_erase_and_only_in_their_workspace(acme, auditor, outsider):
    mirrored(acme, personal())

    assert erase_page(auditor).status_code == 403
    assert erase_page(outsider).status_code == 404
    assert auditor.post(reverse("tasks:retention"), {"days": "90"}).status_code == 403
    assert Task.objects.get().name == "canary-name.pdf"


@pytest.mark.parametrize("tab", ["changes", "summary", "history", "input", "raw"])
@pytest.mark.django_db
def test_every_tab_says_that_it_was_erased(acme, viewer, tab):
    mirrored(acme, personal_approval())
    erase_tasks(acme, [task_id(1)], reason="r")

    page = viewer.get(f"/tasks/{task_id(1)}/{tab}/")
    former = viewer.get(f"/tasks/{task_id(1)}/{tab}/?version=1")

    assert "under request 1" in page.content.decode()
    assert "under request 1" in former.content.decode()


@pytest.mark.django_db
def test_the_history_says_that_a_name_was_erased_not_that_it_was_never_known(acme, viewer):
    mirrored(acme, personal(), at=DAY)
    mirrored(acme, personal_approval(), at=DAY + dt.timedelta(hours=1))
    record_told(acme, {task_id(1): [told_entry(1)]}, DAY)
    erase_tasks(acme, [task_id(1)], reason="r")

    page = viewer.get(f"/tasks/{task_id(1)}/history/").content.decode()

    assert "Approved by somebody whose name was erased" in page
    assert "changed by somebody whose name was erased" in page
    assert "Personal data erased under request 1" in page


@pytest.mark.django_db
def test_a_payload_that_went_with_age_is_said_to_be_erased(acme, viewer):
    mirrored(acme, personal(), at=timezone.now() - dt.timedelta(days=100))
    keep_for(acme, 90)
    apply_retention(acme)

    assert "under request 1" in viewer.get(f"/tasks/{task_id(1)}/raw/").content.decode()


@pytest.mark.django_db
def test_list_as_of_and_csv_show_erased_as_erased_and_the_search_finds_nothing(acme, auditor):
    mirrored(acme, personal(), at=DAY)
    erase_tasks(acme, [task_id(1)], reason="r")

    now = auditor.get("/tasks/").content.decode()
    then = auditor.get("/tasks/?asOf=2026-03-03T00:00:00Z").content.decode()
    csv = b"".join(auditor.get("/tasks.csv").streaming_content).decode()
    searched = auditor.get("/tasks/?q=canary-name").content.decode()
    wide = auditor.get("/tasks/?cols=name,createdBy,tags").content.decode()
    asked = {"cols": "id,createdBy,erasedUnder"}
    marked = b"".join(auditor.get("/tasks.csv", asked).streaming_content).decode()

    assert "Erased under request 1" in now
    assert "Erased under request 1" in then
    assert "erased under request 1" in csv
    assert hits(now + then + csv) == {}
    assert '<td class="who minor" title=""><span class="quiet">erased</span>' in wide
    assert marked.splitlines()[1] == f"{task_id(1)},,1"
    assert str(task_id(1)) not in searched


@pytest.mark.django_db
def test_the_list_of_requests_and_the_retention_stand_on_a_page(acme, admin, viewer):
    empty = viewer.get(reverse("tasks:erasures")).content.decode()
    mirrored(acme, personal())
    erase_tasks(acme, [task_id(1)], reason="request 17/2026")

    wrong = admin.post(reverse("tasks:retention"), {"days": "2"}, follow=True).content.decode()
    admin.post(reverse("tasks:retention"), {"days": "90"})
    page = viewer.get(reverse("tasks:erasures")).content.decode()

    assert "Everything is kept for ever." in empty
    assert "Nothing has been erased." in empty
    assert "30 to 36500 days" in wrong
    assert "more than 90 days ago" in page
    assert "request 17/2026" in page
