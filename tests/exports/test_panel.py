"""The export panel: says how many rows, offers columns and kinds of file, and remembers what was chosen."""

import dataclasses
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from telareview.exports import space as space_room
from telareview.exports.columns import COLUMNS, DEFAULT_COLUMNS
from telareview.exports.models import ExportRecord
from telareview.exports.profiles import PROFILES
from tests.accounts.cast import make_person, signed_in
from tests.exports import few
from tests.exports.disk import disk_of
from tests.tasks.cards import card
from tests.tasks.markup import read
from tests.tasks.records import mirrored, task_json
from tests.tasks.variety import variety

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def spool_folder(settings, tmp_path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "spool"


@pytest.fixture
def many(acme):
    mirrored(acme, *variety())


def ticked(page) -> list[str]:
    boxes = page.all("input", name="columns")
    return [box["value"] for box in boxes if "checked" in box.attributes]


def open_panel(client, query=""):
    response = client.get(f"/exports/new/?{query}")
    assert response.status_code == 200
    return read(response.content)


def test_the_panel_says_how_many_and_which(auditor, many):
    page = open_panel(auditor, "status=completed")

    assert "30 tasks" in page.words
    assert "Status:" in page.words
    assert ticked(page) == list(DEFAULT_COLUMNS)
    assert {box["value"] for box in page.all("input") if box.get("name") == "profile"} == set(PROFILES)
    assert "output.total.valor" in {box.get("value") for box in page.all("input")}


def test_the_list_leads_to_the_panel_with_its_filter(auditor, viewer, many):
    links = {link["href"] for link in read(auditor.get("/tasks/?status=completed&page=2").content).all("a")}

    assert "/exports/new/?status=completed" in links
    assert "/exports/new/" not in viewer.get("/tasks/").content.decode()


def test_a_fragment_is_the_form_alone(auditor, many):
    response = auditor.get("/exports/new/", headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()
    assert "<form" in response.content.decode()


def test_the_choice_is_remembered_for_the_person_and_workspace(acme, auditor, many):
    wanted = {"query": "", "columns": ["name", "output.cliente"], "paths": "total.valor\n\noutput.further.path"}
    auditor.post("/exports/new/", wanted)

    record = ExportRecord.objects.get()
    assert record.columns == ["name", "output.cliente", "output.total.valor", "output.further.path"]
    page = open_panel(auditor)
    assert ticked(page) == ["name", "output.cliente", "output.total.valor"]
    assert "further.path" in page.one("textarea").words
    colleague = signed_in(make_person("operator", acme, "other@acme.example"))
    assert ticked(open_panel(colleague)) == list(DEFAULT_COLUMNS)


def between_cells(page) -> tuple[list[str], list[str]]:
    """The delimiters that are offered, and those selected."""
    options = page.one("select", name="delimiter").all("option")
    return [each["value"] for each in options], [each["value"] for each in options if "selected" in each.attributes]


@pytest.mark.parametrize(("delimiter", "header"), [(";", b'"Id";"Name"'), (",", b'"Id","Name"'), ("", b'"Id","Name"')])
def test_the_delimiter_of_a_file_for_excel_is_chosen_and_remembered(auditor, many, delimiter, header):
    assert between_cells(open_panel(auditor)) == (["", ";", ","], [""])
    excel = {"query": "", "columns": ["id", "name"], "profile": "excel", "delimiter": delimiter}

    answer = auditor.post("/exports/new/", excel)

    octets = auditor.get(answer["Location"]).getvalue()
    assert octets.removeprefix(b"\xef\xbb\xbf").startswith(header + b"\r\n")
    assert ExportRecord.objects.get().manifest["delimiter"] == (delimiter or ",")
    assert between_cells(open_panel(auditor))[1] == [delimiter]
    # Another kind of file has none, and the choice outlives it.
    auditor.post("/exports/new/", {**excel, "profile": "machine"})
    assert ExportRecord.objects.latest("pk").manifest["delimiter"] is None
    assert between_cells(open_panel(auditor))[1] == [delimiter]


def test_a_script_names_the_delimiter_in_the_address(auditor, many):
    octets = auditor.get("/tasks.csv?profile=excel&delimiter=%3B&cols=id,name").getvalue()

    assert octets.startswith(b'\xef\xbb\xbf"Id";"Name"\r\n')
    assert auditor.get("/tasks.csv?delimiter=%3B").status_code == 400


def test_looking_at_the_panel_keeps_nothing(auditor, many):
    open_panel(auditor, "status=completed")

    assert not ExportRecord.objects.exists()


def test_no_rows_make_a_file_of_headings_and_that_is_said(auditor, many):
    assert "headings and no rows" in open_panel(auditor, "status=failed&q=nothing").words

    auditor.post("/exports/new/", {"query": "q=nothing", "columns": ["id", "name"]})

    record = ExportRecord.objects.get()
    assert (record.outcome, record.rows) == ("complete", 0)
    assert auditor.get(f"/exports/{record.pk}/file/").getvalue() == b"id,name\r\n"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"columns": ["id", "password"]}, "password"),
        ({"columns": ["id"], "profile": "nonsense"}, "nonsense"),
        ({"columns": ["id"], "profile": "excel", "delimiter": "x"}, "a semicolon or a comma"),
        ({}, "Choose one column at least"),
        ({"columns": ["id"], "paths": "\0"}, "column"),
    ],
)
def test_a_panel_that_cannot_be_carried_out_comes_back_with_a_sentence(auditor, many, form, words):
    response = auditor.post("/exports/new/", {"query": "status=completed", **form})

    assert response.status_code == 422
    assert words in read(response.content).words
    assert not ExportRecord.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_filter_that_cannot_be_read_has_no_panel(auditor, many, method):
    if method == "get":
        response = auditor.get("/exports/new/?status=nonsense")
    else:
        response = auditor.post("/exports/new/", {"query": "status=nonsense", "columns": ["id"]})

    assert response.status_code == 400
    assert "nonsense" in read(response.content).words


def test_a_viewer_and_an_outsider(viewer, outsider, many):
    assert viewer.get("/exports/new/").status_code == 403
    assert viewer.post("/exports/new/", {"query": "", "columns": ["id"]}).status_code == 403
    assert "0 tasks" in open_panel(outsider).words


def test_a_full_spool_is_said_and_nothing_is_written(auditor, many, settings, spool_folder):
    settings.EXPORT_SPACE_BYTES = 1000
    (spool_folder / "1").mkdir(parents=True)
    (spool_folder / "1" / "tasks.csv").write_bytes(b"x" * 1000)

    answers = [
        auditor.post("/exports/new/", {"query": "", "columns": ["id"]}),
        auditor.get("/tasks.csv"),
    ]

    for response in answers:
        assert response.status_code == 507
        assert "The space for exported files is full" in read(response.content).words
    assert set(ExportRecord.objects.values_list("outcome", "trouble")) == {("failed", "space")}
    assert "full" in read(auditor.get("/exports/").content).words


def test_a_disk_without_room_to_spare_counts_as_full(auditor, many, monkeypatch):
    monkeypatch.setattr(space_room, "SPARE_BYTES", 2**62)

    assert auditor.get("/tasks.csv").status_code == 507


def test_a_full_disk_is_said(auditor, acme, spool_folder):
    card(acme, name="x" * 8_000_000).save()

    with disk_of(5_000_000):
        response = auditor.post("/exports/new/", {"query": "", "columns": ["name"]})

    assert response.status_code == 507
    assert "disk" in read(response.content).words
    assert list(spool_folder.iterdir()) == []
    record = ExportRecord.objects.get()
    assert (record.outcome, record.trouble) == ("failed", "disk")
    assert "disk" in read(auditor.get(f"/exports/{record.pk}/").content).words


def test_more_tasks_than_a_request_writes_become_a_job(auditor, many, monkeypatch):
    few.at_once(monkeypatch, 10)
    assert "More than 10 tasks" in open_panel(auditor).words

    response = auditor.post("/exports/new/", {"query": "", "columns": ["id"]})

    record = ExportRecord.objects.get()
    assert response["Location"] == f"/exports/{record.pk}/"
    assert record.state == "waiting"
    assert "A worker takes it up in a moment" in read(auditor.get(f"/exports/{record.pk}/").content).words
    assert auditor.get(f"/exports/{record.pk}/file/").status_code == 404
    assert auditor.get(f"/exports/{record.pk}/manifest.json").status_code == 404


def test_a_slower_kind_of_file_becomes_a_job_sooner(auditor, many, monkeypatch):
    slow = dataclasses.replace(PROFILES["xlsx"], direct_rows=10)
    monkeypatch.setitem(PROFILES, "xlsx", slow)
    page = open_panel(auditor)

    assert "40 tasks" in page.words
    boxes = page.all("input", name="profile")
    assert [box["value"] for box in boxes if "data-job" in box.attributes] == ["xlsx"]

    for profile in ("xlsx", "machine"):
        auditor.post("/exports/new/", {"query": "", "columns": ["id"], "profile": profile})

    assert dict(ExportRecord.objects.values_list("profile", "by_job")) == {"xlsx": True, "machine": False}


def test_the_panel_costs_the_same_statements_however_many_tasks(acme, auditor, django_assert_num_queries):
    mirrored(acme, task_json(1))
    open_panel(auditor)
    with CaptureQueriesContext(connection) as with_one:
        open_panel(auditor)
    statements = len(with_one)
    mirrored(acme, *variety())

    with django_assert_num_queries(statements):
        open_panel(auditor)


def test_the_log_costs_the_same_statements_however_long_it_is(auditor, many, django_assert_num_queries):
    auditor.post("/exports/new/", {"query": "", "columns": ["id"]})
    with CaptureQueriesContext(connection) as with_one:
        auditor.get("/exports/")
    statements = len(with_one)
    for _ in range(5):
        auditor.get("/tasks.csv").getvalue()

    with django_assert_num_queries(statements):
        auditor.get("/exports/")


def test_every_column_has_a_name_for_people(auditor, many):
    labels = [label.words for label in open_panel(auditor).all("label")]

    assert len(labels) >= len(COLUMNS)
    assert all(labels)


def test_the_log_is_read_to_its_end(auditor, acme, many, monkeypatch):
    monkeypatch.setattr("telareview.exports.log_views.RECORDS_SHOWN", 2)
    for _ in range(3):
        auditor.post("/exports/new/", {"query": "", "columns": ["id"]})

    page = read(auditor.get("/exports/").content)
    older = next(link["href"] for link in page.all("a") if link.get("rel") == "next")
    oldest = ExportRecord.objects.order_by("pk").first()

    assert older == f"/exports/?before={oldest.pk + 1}"
    assert f"/exports/{oldest.pk}/" not in {link["href"] for link in page.all("a")}
    assert f'href="/exports/{oldest.pk}/"' in auditor.get(older).content.decode()
