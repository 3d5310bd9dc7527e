"""Where a workspace hides people, the log of exports names nobody to those who may not see them."""

import json

import pytest
from django.utils import timezone

from telareview.accounts.pseudonyms import people_shown_to, pseudonym, query_shown, text_shown
from telareview.exports.models import ExportRecord
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.tasks.markup import read
from tests.tasks.records import mirrored
from tests.tasks.variety import ANA, BRUNO, variety

pytestmark = pytest.mark.django_db

WHO = "auditor@acme.example"
QUERY = f"approvedBy={ANA}&approvedBy={BRUNO}&taskName={ANA}"


@pytest.fixture
def secretive(db, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    workspace = make_workspace("acme")
    workspace.hide_people = True
    workspace.save()
    mirrored(workspace, *variety())
    return workspace


@pytest.fixture
def auditor(secretive):
    return signed_in(make_person("auditor", secretive, WHO))


@pytest.fixture
def operator(secretive):
    return signed_in(make_person("operator", secretive, "op@other.example"))


@pytest.fixture
def record(auditor) -> ExportRecord:
    auditor.post("/exports/new/", {"query": QUERY, "columns": ["id"]})
    made = ExportRecord.objects.get()
    auditor.get(f"/exports/{made.pk}/file/").getvalue()
    return made


def pages(record: ExportRecord) -> tuple[str, ...]:
    return ("/exports/", f"/exports/{record.pk}/", f"/exports/{record.pk}/manifest.json")


def test_those_without_the_right_read_pseudonyms_on_every_page_of_it(secretive, operator, record):
    for address in pages(record):
        text = operator.get(address).content.decode()

        assert not any(who in text.replace("%40", "@") for who in (ANA, BRUNO, WHO)), address
        assert pseudonym(ANA, secretive) in text, address
        assert pseudonym(WHO, secretive) in text, address


def test_those_with_the_right_read_who_it_was(auditor, record):
    for address in pages(record):
        text = auditor.get(address).content.decode()

        assert all(who in text.replace("%40", "@") for who in (ANA, BRUNO, WHO)), address
    assert json.loads(auditor.get(pages(record)[2]).content) == record.manifest


def test_a_masked_manifest_differs_in_its_people_alone(secretive, operator, record):
    shown = json.loads(operator.get(pages(record)[2]).content)

    assert shown["requestedBy"] == pseudonym(WHO, secretive)
    assert shown["filter"]["criteria"]["approvedBy"] == [pseudonym(ANA, secretive), pseudonym(BRUNO, secretive)]
    assert shown["file"] == record.manifest["file"]
    assert shown["columns"] == record.manifest["columns"]


def test_a_filter_that_names_people_is_no_link_and_another_one_is(auditor, operator, record):
    auditor.post("/exports/new/", {"query": "status=completed", "columns": ["id"]})

    links = {link["href"] for link in read(operator.get("/exports/").content).all("a")}

    assert {link for link in links if link.startswith("/tasks/?")} == {"/tasks/?status=completed"}
    assert "Export again" not in operator.get(f"/exports/{record.pk}/").content.decode()


def test_sentences_and_those_who_cancelled_are_masked_too(secretive, operator, record):
    now = timezone.now()
    failed = {"outcome": "failed", "trouble": "refused", "error": f"No column “{ANA}”."}
    cancelled = {"outcome": "cancelled", "cancelled_by": WHO}
    for told in (failed, cancelled):
        made = ExportRecord.objects.create(workspace=secretive, profile="machine", started_at=now, ended_at=now, **told)

        text = operator.get(f"/exports/{made.pk}/").content.decode()

        assert not any(who in text for who in (ANA, WHO))
        assert "person-" in text
    answer = operator.post(f"/exports/{record.pk}/removal/")
    assert (answer.status_code, WHO in answer.content.decode()) == (403, False)


def test_chips_show_pseudonyms(secretive, operator, auditor):
    hidden, shown = (
        read(client.get(f"/tasks/?{QUERY}").content).one("div", id="chips") for client in (operator, auditor)
    )

    assert ANA in shown.words
    assert pseudonym(ANA, secretive) in hidden.words
    assert not any(who in hidden.words for who in (ANA, BRUNO))


def test_only_what_names_people_is_changed(secretive):
    membership = make_person("viewer", secretive).memberships.get()

    with people_shown_to(membership):
        assert query_shown("status=completed&q=%23a+b%3D") == "status=completed&q=%23a+b%3D"
        assert query_shown(f"q=x+{ANA}+y") == f"q=x+{pseudonym(ANA, secretive)}+y"
        assert text_shown(f"by {ANA} at 5") == f"by {pseudonym(ANA, secretive)} at 5"
    assert query_shown(QUERY) == QUERY
    assert text_shown(ANA) == ANA
