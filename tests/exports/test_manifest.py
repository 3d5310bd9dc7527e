"""The manifest says what was asked, how it was understood, from when it is, and what the file is."""

import datetime as dt
import hashlib
import json

import pytest
from django.core.management import call_command
from django.db import connection

from telareview import __version__
from telareview.exports import spool as spool_module
from telareview.exports.models import ExportRecord
from telareview.ledger.models import Checkpoint
from telareview.sync.models import Bookmark, SyncRun
from tests.accounts.cast import make_workspace
from tests.exports.files import make
from tests.tasks.records import NOON, approved, mirrored, task_json
from tests.tasks.variety import ANA, variety

pytestmark = pytest.mark.django_db

MORNING = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)


def test_the_filter_is_told_as_sent_and_as_understood_with_its_days_as_moments(acme, tmp_path):
    mirrored(acme, *variety())
    query = f"approvedAtUntil=2026-03-01&approvedBy={ANA}&createdAtSince=2026-03-01T12:10:00Z&limit=25"

    manifest = make(acme, tmp_path, query, requested_by="auditor@acme.example").manifest

    assert manifest["filter"] == {
        "sent": query,
        "understood": "approvedBy=ana.souza%40acme.example&approvedAtUntil=2026-03-01"
        "&createdAtSince=2026-03-01T12%3A10%3A00Z",
        "criteria": {
            "approvedBy": [ANA],
            "approvedAtUntil": ["2026-03-01"],
            "createdAtSince": ["2026-03-01T12:10:00Z"],
        },
        "moments": {
            "approvedAt": {"since": None, "until": "2026-03-02T03:00:00Z", "untilIncluded": False},
            "createdAt": {"since": "2026-03-01T12:10:00Z", "until": None, "untilIncluded": None},
        },
        "zone": "America/Sao_Paulo",
        "asOf": None,
        "order": ["updatedAt desc", "id desc"],
    }
    assert manifest["requestedBy"] == "auditor@acme.example"
    assert manifest["workspace"] == "acme"
    assert manifest["product"] == {"name": "telareview", "version": __version__}


def test_the_file_is_told_by_rows_bytes_and_checksum(acme, tmp_path):
    mirrored(acme, *(task_json(number) for number in range(1, 6)))

    spooled = make(acme, tmp_path, "cols=id,createdBy,output.cliente", "excel", locale="pt-br")

    octets = spooled.path.read_bytes()
    assert spooled.manifest["file"] == {
        "rows": 5,
        "bytes": len(octets),
        "sha256": hashlib.sha256(octets).hexdigest(),
        "overLongCells": 0,
    }
    assert spooled.manifest["columns"] == [
        {"name": "id", "type": "uuid", "personal": False, "masked": False},
        {"name": "createdBy", "type": "text", "personal": True, "masked": False},
        {"name": "output.cliente", "type": "output", "personal": False, "masked": False},
    ]
    assert (spooled.manifest["profile"], spooled.manifest["locale"]) == ("excel", "pt-br")
    assert "apostrophe" in spooled.manifest["formulaGuard"]


def test_how_far_the_mirror_and_its_seal_were_is_told(acme, tmp_path):
    assert make(acme, tmp_path).manifest["mirror"]["syncedAt"] is None
    assert make(acme, tmp_path).manifest["seal"] is None
    Bookmark.objects.create(workspace=acme, updated_at=NOON, synced_at=MORNING)
    Bookmark.objects.create(workspace=make_workspace("other"), updated_at=MORNING, synced_at=NOON)
    for hours, outcome in ((1, "complete"), (2, "complete"), (3, "incomplete")):
        SyncRun.objects.create(
            workspace=acme,
            kind=SyncRun.Kind.SWEEP,
            started_at=NOON,
            ended_at=NOON + dt.timedelta(hours=hours),
            outcome=outcome,
        )
    for size in (7, 9):
        Checkpoint.objects.create(workspace=acme, size=size, root=bytes([size]) * 32, frontier=b"", note="")

    manifest = make(acme, tmp_path).manifest

    assert manifest["mirror"] == {
        "syncedAt": "2026-03-02T08:00:00Z",
        "newestUpdatedAt": "2026-03-01T12:00:00Z",
        "failingSince": None,
        "lastSweepAt": "2026-03-01T14:00:00Z",
    }
    assert manifest["seal"] == {"size": 9, "root": "09" * 32}


def test_masking_is_told_column_by_column(acme, tmp_path):
    mirrored(acme, approved(1))

    spooled = make(acme, tmp_path, "", masked=True)

    assert spooled.manifest["peopleMasked"] is True
    masked = {column["name"] for column in spooled.manifest["columns"] if column["masked"]}
    assert masked == {"createdBy", "approvedBy"}
    assert b"@acme.example" not in spooled.path.read_bytes()


def test_the_manifest_lies_beside_the_file_of_the_command_and_in_the_log(tmp_path):
    mirrored(make_workspace("default"), task_json(1))
    target = tmp_path / "tasks.csv"

    call_command("export_tasks", output=str(target))

    beside = json.loads((tmp_path / "tasks.csv.manifest.json").read_text("utf-8"))
    assert beside == ExportRecord.objects.get().manifest
    assert beside["file"]["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()


@pytest.mark.parametrize("profile", ["machine", "excel", "xlsx", "ndjson", "parquet"])
def test_the_same_filter_as_of_the_same_moment_makes_the_same_bytes_after_more_syncs(acme, tmp_path, profile):
    mirrored(acme, *variety(), at=NOON)
    question = "asOf=2026-03-01T18:00:00Z&orderBy=name&order=asc"
    (tmp_path / "later").mkdir()
    before = make(acme, tmp_path, question, profile)

    mirrored(acme, *(approved(number, "cliente", name="another") for number in range(1, 60)), at=MORNING)
    after = make(acme, tmp_path / "later", question, profile)

    assert after.path.read_bytes() == before.path.read_bytes()
    assert after.sha256 == before.sha256
    (tmp_path / "now").mkdir()
    assert make(acme, tmp_path / "now", "orderBy=name&order=asc", profile).sha256 != before.sha256


@pytest.mark.django_db(transaction=True)
def test_everything_is_read_in_one_snapshot_that_can_write_nothing(acme, tmp_path, monkeypatch):
    mirrored(acme, task_json(1))
    found = []
    real = spool_module.facts_of

    def asked(workspace):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
            found.append(cursor.fetchone())
        return real(workspace)

    monkeypatch.setattr(spool_module, "facts_of", asked)

    assert make(acme, tmp_path).rows == 1
    assert found == [("repeatable read", "on")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('statement_timeout')")
        assert cursor.fetchone()[0] == "read committed"
