"""`/history/seals/`: what an auditor sees and takes away."""

import io
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from telareview.ledger.models import Sending, SigningKey
from telareview.ledger.notes import verifier_key
from telareview.ledger.places import Place
from telareview.ledger.sealing import seal
from tests.ledger.history import acme_history, as_owner
from tests.ledger.witness import notes_of, run
from tests.tasks.records import NOON, mirrored, task_json

pytestmark = pytest.mark.django_db

PAGE = "/history/seals/"


@pytest.fixture
def sealed(acme):
    acme_history(acme)
    seal()
    return acme


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_an_auditor_sees_the_head_the_key_and_what_waits(sealed, auditor):
    mirrored(sealed, task_json(40), at=NOON)
    key = SigningKey.objects.get()

    page = text(auditor.get(PAGE))

    assert (
        verifier_key(key.name, bytes(key.public_key)).replace("+", "&#43;") in page
        or verifier_key(key.name, bytes(key.public_key)) in page
    )
    assert notes_of(sealed).splitlines()[2] in page.replace("&#x2B;", "+").replace("&#43;", "+")
    assert "No place is set." in page


def test_before_the_first_seal_it_says_so(acme, auditor):
    assert "Nothing has been sealed yet" in text(auditor.get(PAGE))


def test_a_failure_is_shown(sealed, auditor, settings):
    settings.SEAL_PLACES = (Place("webhook", "https://review.example/hooks/a-long-secret"),)
    Sending.objects.create(
        workspace=sealed, place=settings.SEAL_PLACES[0].key, size=8, sent=False, error_code="refused", error="403"
    )

    page = text(auditor.get(PAGE))

    assert "The address answered with an error. (403)" in page
    assert "review.example" in page
    assert "a-long-secret" not in page


def test_records_that_wait_too_long_are_loud(sealed, auditor):
    mirrored(sealed, task_json(40), at=NOON)
    assert "Is a worker running?" not in text(auditor.get(PAGE))
    with as_owner() as cursor:
        cursor.execute("UPDATE tasks_taskversion SET recorded_at = now() - interval '1 hour'")

    assert "Is a worker running?" in text(auditor.get(PAGE))


@pytest.mark.parametrize("name", ["seals", "checkpoints", "record"])
def test_who_may_not_export_may_not_see_it(viewer, name):
    assert viewer.get(reverse(f"ledger:{name}")).status_code == 403


def test_checkpoints_are_those_of_the_workspace_alone(sealed, elsewhere, auditor):
    mirrored(elsewhere, task_json(1))
    seal()

    assert text(auditor.get(PAGE + "checkpoints.txt")) == notes_of(sealed)


def test_the_record_can_be_taken_away_and_verified(sealed, auditor, tmp_path):
    response = auditor.get(PAGE + "record.zip")

    (tmp_path / "record.zip").write_bytes(b"".join(response.streaming_content))
    assert run("history", tmp_path / "record.zip").returncode == 0
    with zipfile.ZipFile(io.BytesIO((tmp_path / "record.zip").read_bytes())) as archive:
        assert "README.txt" in archive.namelist()


def test_a_history_that_is_too_large_names_the_command(sealed, auditor, monkeypatch):
    monkeypatch.setattr("telareview.ledger.views.MOST_LEAVES", 3)

    assert "export_history --output" in text(auditor.get(PAGE))
    assert auditor.get(PAGE + "record.zip").status_code == 403


def test_it_asks_the_database_as_often_for_many_as_for_few(sealed, auditor, django_assert_num_queries):
    auditor.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        auditor.get(PAGE)
    mirrored(sealed, *(task_json(number) for number in range(100, 130)), at=NOON)
    seal()
    with django_assert_num_queries(len(few)):
        auditor.get(PAGE)
    assert len(few) <= 18
