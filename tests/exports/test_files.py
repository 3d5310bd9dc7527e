"""Stored files: fetched whole or in part, under the same right, noted, kept for a time, and never short."""

import base64
import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from telareview.exports.models import Download, ExportRecord
from telareview.exports.sending import NothingThere, Outgoing, Stretch, asked_stretch
from telareview.exports.stored import expire_files, folder_of, forget_files, path_of
from tests.accounts.cast import make_person, signed_in
from tests.tasks.markup import read
from tests.tasks.records import mirrored
from tests.tasks.variety import variety

pytestmark = pytest.mark.django_db

Removal = ExportRecord.Removal


@pytest.fixture(autouse=True)
def spool_folder(settings, tmp_path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "spool"


@pytest.fixture
def many(acme):
    mirrored(acme, *variety())


@pytest.fixture
def stored(auditor, many) -> ExportRecord:
    """A finished export whose file is kept."""
    response = auditor.post("/exports/new/", {"query": "status=completed", "columns": ["id", "name"]})
    record = ExportRecord.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/exports/{record.pk}/file/"
    return record


def address(record: ExportRecord) -> str:
    return f"/exports/{record.pk}/file/"


def fetched(client: Client, record: ExportRecord, **headers: str):
    response = client.get(address(record), headers=headers)
    return response, response.getvalue() if response.streaming else response.content


# --- Whole, and in part -----------------------------------------------------------------------------------------


def test_a_file_comes_whole_with_its_length_and_checksum(auditor, stored):
    response, octets = fetched(auditor, stored)

    digest = hashlib.sha256(octets)
    assert response.status_code == 200
    assert octets == path_of(stored).read_bytes()
    assert octets.count(b"\r\n") == 1 + stored.rows
    assert response["Content-Length"] == str(len(octets))
    assert response["ETag"] == f'"{digest.hexdigest()}"'
    assert response["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Disposition"] == f'attachment; filename="{stored.file_name}"'
    assert "no-store" in response["Cache-Control"]


def test_head_says_the_same_and_is_no_download(auditor, stored):
    response = auditor.head(address(stored))

    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(stored.size_bytes)
    assert Download.objects.count() == 0


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=100-", 100, None), ("bytes=-7", -7, None)],
)
def test_a_range_is_answered_with_206_and_the_digest_of_the_whole(auditor, stored, asked, start, end):
    whole = path_of(stored).read_bytes()

    response, octets = fetched(auditor, stored, range=asked)

    first = start % len(whole)
    assert response.status_code == 206
    assert octets == whole[start:end]
    assert response["Content-Length"] == str(len(octets))
    assert response["Content-Range"] == f"bytes {first}-{first + len(octets) - 1}/{len(whole)}"
    assert response["Repr-Digest"].startswith("sha-256=:")


def test_a_broken_off_download_is_taken_up_where_it_ended(auditor, stored):
    whole = path_of(stored).read_bytes()
    etag = f'"{stored.sha256}"'

    response, rest = fetched(auditor, stored, **{"range": "bytes=500-", "if-range": etag})

    assert response.status_code == 206
    assert whole[:500] + rest == whole


@pytest.mark.parametrize("if_range", ['"another"', 'W/"weak"', "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_another_file_than_the_one_begun_comes_whole(auditor, stored, if_range):
    response, octets = fetched(auditor, stored, **{"range": "bytes=500-", "if-range": if_range})

    assert (response.status_code, len(octets)) == (200, stored.size_bytes)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=9-3", "nonsense"])
def test_what_is_no_single_range_gets_the_whole_file(auditor, stored, asked):
    response, octets = fetched(auditor, stored, range=asked)

    assert (response.status_code, len(octets)) == (200, stored.size_bytes)


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_size(auditor, stored, asked):
    response = auditor.get(address(stored), headers={"range": asked})

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{stored.size_bytes}"


def test_who_has_the_file_is_told_so(auditor, stored):
    assert auditor.get(address(stored), headers={"if-none-match": f'"{stored.sha256}"'}).status_code == 304
    assert auditor.get(address(stored), headers={"if-match": '"another"'}).status_code == 412


@given(text=st.text(max_size=20) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), size=st.integers(0, 3000))
def test_a_stretch_always_lies_within_the_file(text, size):
    try:
        stretch = asked_stretch(text, size)
    except NothingThere:
        return
    assert stretch is None or 0 <= stretch.start < stretch.end <= size


# --- Who may, and who did ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "file/", "manifest.json"])
def test_an_outsider_finds_nothing_and_a_viewer_is_told_why(outsider, viewer, stored, part):
    assert outsider.get(f"/exports/{stored.pk}/{part}").status_code == 404
    refused = viewer.get(f"/exports/{stored.pk}/{part}")
    assert refused.status_code == 403
    assert "As Viewer you may not export tasks" in read(refused.content).words


def test_every_download_is_noted_with_who_and_how_much(acme, auditor, stored):
    colleague = signed_in(make_person("operator", acme, "other@acme.example"))
    fetched(auditor, stored)
    fetched(colleague, stored, range="bytes=0-99")

    whole, part = Download.objects.order_by("pk")
    assert (whole.person_email, whole.is_part, whole.is_whole) == ("auditor@acme.example", False, True)
    assert (part.person_email, part.is_part, part.is_whole, part.sent) == ("other@acme.example", True, True, 100)
    page = read(auditor.get(f"/exports/{stored.pk}/").content)
    assert "other@acme.example" in page.words
    assert "bytes 0 to 100" in page.words


def test_a_download_that_breaks_off_is_noted_as_such(stored):
    download = Download(record=stored, person_email="auditor@acme.example", end=stored.size_bytes)
    outgoing = Outgoing(path_of(stored).open("rb"), Stretch(0, stored.size_bytes), download)
    outgoing.read(10)
    outgoing.close()

    noted = Download.objects.get()
    assert (noted.sent, noted.is_whole) == (10, False)


def test_a_file_sent_at_once_is_noted_too(auditor, many):
    auditor.get("/tasks.csv").getvalue()

    assert Download.objects.get().is_whole


@pytest.mark.parametrize("act", ["cancellation", "removal"])
def test_only_its_maker_or_an_administrator_ends_an_export(acme, stored, outsider, act):
    other = signed_in(make_person("operator", acme, "other@acme.example"))
    admin = signed_in(make_person("admin", acme, "admin@acme.example"))

    assert outsider.post(f"/exports/{stored.pk}/{act}/").status_code == 404
    assert other.post(f"/exports/{stored.pk}/{act}/").status_code == 403
    assert stored.has_file
    assert admin.get(f"/exports/{stored.pk}/{act}/").status_code == 405
    assert admin.post(f"/exports/{stored.pk}/{act}/").status_code == 302


# --- How files go -----------------------------------------------------------------------------------------------


def gone(client: Client, record: ExportRecord, words: str) -> None:
    response = client.get(address(record))
    assert response.status_code == 410
    assert words in read(response.content).words
    assert client.get(f"/exports/{record.pk}/manifest.json").status_code == 200


def test_a_file_is_kept_for_a_day_and_its_manifest_for_ever(
    auditor, stored, settings, django_capture_on_commit_callbacks
):
    assert stored.kept_until - stored.ended_at == dt.timedelta(hours=settings.EXPORT_KEEP_HOURS)
    ExportRecord.objects.update(kept_until=timezone.now() - dt.timedelta(seconds=1))

    gone(auditor, stored, "limited time")
    with django_capture_on_commit_callbacks(execute=True):
        assert expire_files() == 1

    assert not folder_of(stored.pk).exists()
    assert expire_files() == 0
    gone(auditor, stored, "limited time")


def test_a_file_deleted_by_hand_is_gone(auditor, stored, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        auditor.post(f"/exports/{stored.pk}/removal/")

    assert not folder_of(stored.pk).exists()
    gone(auditor, stored, "deleted by hand")


def test_erasing_takes_every_file_of_the_workspace_and_only_those(
    acme, elsewhere, auditor, outsider, stored, django_capture_on_commit_callbacks
):
    mirrored(elsewhere, *variety())
    outsider.post("/exports/new/", {"query": "", "columns": ["id"]})
    theirs = ExportRecord.objects.get(workspace=elsewhere)
    running = ExportRecord.objects.create(workspace=acme, profile="machine", started_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        assert forget_files(acme) == 1

    running.refresh_from_db()
    assert running.cancel_asked_at is not None
    gone(auditor, stored, "erased")
    assert not folder_of(stored.pk).exists()
    assert path_of(theirs).exists()


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-9])])
def test_a_file_that_is_no_longer_whole_is_not_given_out(auditor, stored, damage):
    damage(path_of(stored))

    gone(auditor, stored, "no longer whole")
    assert ExportRecord.objects.get().removal == Removal.LOST


def test_the_manifest_tells_of_the_file(auditor, stored):
    manifest = json.loads(auditor.get(f"/exports/{stored.pk}/manifest.json").content)

    assert manifest["file"]["rows"] == stored.rows
    assert manifest["file"]["sha256"] == hashlib.sha256(path_of(stored).read_bytes()).hexdigest()
    assert manifest["filter"]["understood"] == "status=completed"


def test_the_manifest_of_a_file_sent_at_once_is_named_in_its_answer(auditor, many):
    response = auditor.get("/tasks.csv")

    assert (
        response["Link"]
        == f'</exports/{ExportRecord.objects.get().pk}/manifest.json>; rel="describedby"; type="application/json"'
    )
    assert hashlib.sha256(response.getvalue()).hexdigest() == ExportRecord.objects.get().manifest["file"]["sha256"]


def test_a_file_that_names_people_is_not_for_those_who_may_not_see_them(acme, stored, auditor):
    acme.hide_people = True
    acme.save()
    operator = signed_in(make_person("operator", acme))

    assert operator.get(address(stored)).status_code == 403
    auditor.get(address(stored)).close()


def test_a_file_of_pseudonyms_is_for_every_member_who_may_export(acme, many):
    acme.hide_people = True
    acme.save()
    operator = signed_in(make_person("operator", acme))
    operator.post("/exports/new/", {"query": "status=completed", "columns": ["id", "createdBy"]})
    record = ExportRecord.objects.get()

    answer = operator.get(address(record))
    text = b"".join(answer.streaming_content).decode()
    answer.close()

    assert answer.status_code == 200
    assert "@" not in text
