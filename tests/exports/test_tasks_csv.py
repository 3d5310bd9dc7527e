"""The list as a file: to the letter, whole or not at all, and only for those who may."""

import base64
import csv
import hashlib
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telareview.exports import writing
from telareview.exports.columns import COLUMNS, DEFAULT_COLUMNS
from telareview.exports.models import ExportRecord
from telareview.tasks.filters import ORDER_COLUMNS
from telareview.tasks.mirror import Look, record_gone
from telareview.tasks.models import Learned, Task
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.exports import rfc4180
from tests.exports.disk import disk_of
from tests.tasks.cards import card
from tests.tasks.hostile import TEXTS
from tests.tasks.markup import read
from tests.tasks.records import NOON, approved, mirrored, task_id, task_json
from tests.tasks.variety import QUERIES, TASKS, variety

pytestmark = pytest.mark.django_db

HEADER = (
    "id,reference,name,status,revisionProcess,createdBy,createdAt,updatedAt,approvedBy,approvedAt,"
    "promptApplicationId,promptVersionId,tags"
)


@pytest.fixture(autouse=True)
def spool_folder(settings, tmp_path) -> Path:
    """A state folder of its own, so that what is left over can be seen."""
    settings.VAR_DIR = tmp_path
    return tmp_path / "spool"


@pytest.fixture
def many(acme):
    """Forty tasks of every kind."""
    mirrored(acme, *variety())


def file_of(client: Client, query: str = "") -> bytes:
    response = client.get(f"/tasks.csv?{query}")
    assert response.status_code == 200, query
    return response.getvalue()


def records_of(client: Client, query: str = "") -> list[dict[str, str | None]]:
    header, *records = rfc4180.read(file_of(client, query).decode())
    return [dict(zip(map(str, header), record, strict=True)) for record in records]


# --- To the letter ------------------------------------------------------------------------------------------


def test_the_header_is_the_contract(auditor, many):
    assert ",".join(DEFAULT_COLUMNS) == HEADER
    assert file_of(auditor).split(b"\r\n")[0] == HEADER.encode()


def test_a_task_is_one_line_of_plain_bytes(acme, auditor):
    mirrored(acme, approved(7, "cliente", tags=["a", "b"], createdBy=None))

    assert (
        file_of(auditor)
        == (
            f"{HEADER}\r\n{task_id(7)},7,INV-00007.pdf,completed,approvedWithRevisions,,2026-03-01T12:07:00.000Z,"
            "2026-03-01T13:07:00.000Z,ana.souza@acme.example,2026-03-01T13:07:00.000Z,"
            "95cec438-6080-44fe-8275-28b16bd40178,76065caa-c519-441a-8fe2-cc43e29664ab,a|b\r\n"
        ).encode()
    )


def test_an_empty_list_is_a_header_alone(auditor):
    assert file_of(auditor) == HEADER.encode() + b"\r\n"


def test_lines_end_in_crlf_and_no_byte_order_mark_stands_in_front(auditor, many):
    octets = file_of(auditor)

    assert not octets.startswith(b"\xef\xbb\xbf")
    assert octets.endswith(b"\r\n")
    # Outside quotes there is no line end of another kind.
    outside = b"".join(octets.split(b'"')[::2])
    assert outside.replace(b"\r\n", b"").count(b"\n") == outside.replace(b"\r\n", b"").count(b"\r") == 0


def test_an_empty_text_differs_from_no_text(acme, auditor):
    mirrored(acme, task_json(1, name=""), task_json(2, name=None))

    by_id = {record["id"]: record["name"] for record in records_of(auditor)}

    assert by_id == {str(task_id(1)): "", str(task_id(2)): None}


def test_a_task_that_is_not_approved_has_no_revision(acme, auditor):
    mirrored(acme, task_json(1), approved(2))

    assert [record["revisionProcess"] for record in records_of(auditor)] == ["approvedDirectly", None]


@pytest.mark.parametrize("text", [*TEXTS, "a\rb", "\\.", '"', '""', ",", ";", "\n", " ", "'", "NULL", "\\N", "\ufeff"])
def test_any_text_comes_back_as_the_mirror_holds_it(acme, auditor, text):
    mirrored(acme, task_json(1, name=text, createdBy=text, tags=[text]))
    card = Task.objects.get()

    (record,) = records_of(auditor)

    assert (record["name"], record["createdBy"], record["tags"]) == (card.name, card.created_by, card.tags[0])


@pytest.mark.parametrize("column", ["name", "tags"])
def test_a_file_of_one_column_is_read_back_too(acme, auditor, column):
    mirrored(acme, *(task_json(n, name=text, tags=[text]) for n, text in enumerate(["\\.", "", ",", "a\nb"], 1)))

    records = records_of(auditor, f"cols={column}&orderBy=reference&order=asc")

    assert [record[column] for record in records] == ["\\.", "", ",", "a\nb"]


def told(raw: dict[str, Any]) -> list[str | None]:
    """The line that a task's own JSON asks for."""
    approved_with: str | None = None
    if raw["status"] == "completed" and raw["approvedAt"]:
        approved_with = "approvedWithRevisions" if raw["metadata"]["editedFields"] else "approvedDirectly"
    said = [raw[name] for name in DEFAULT_COLUMNS if name not in {"revisionProcess", "tags"}]
    cells = [None if value is None else _held(str(value)) for value in said]
    return [*cells[:4], approved_with, *cells[4:], "|".join(raw["tags"])]


def _held(text: str) -> str:
    return text.replace("\0", "\u2400").replace("\ud800", "\ufffd")


def test_the_file_says_what_tela_said(acme, auditor, many):
    sent = {raw["id"]: told(raw) for raw in variety()}

    _header, *records = rfc4180.read(file_of(auditor).decode())

    assert {record[0]: record for record in records} == {
        # What was joined out of one empty text, and out of none, is an empty text.
        key: [cell if place < 12 else cell or "" for place, cell in enumerate(cells)]
        for key, cells in sent.items()
    }
    assert len(records) == TASKS


def test_the_csv_module_reads_the_same(auditor, many):
    text = file_of(auditor).decode()

    by_module = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert by_module == [[cell or "" for cell in record] for record in rfc4180.read(text)]


# --- The same list ----------------------------------------------------------------------------------------------


def listed(client: Client, query: str) -> list[str]:
    """The ids on all pages of the list, by its own links."""
    address, ids = f"/tasks/?{query}&limit=25", []
    while address:
        page = read(client.get(address).content)
        ids += [row["id"].removeprefix("t-") for body in page.all(id="rows") for row in body.all("tr")]
        following = page.all("a", rel="next")
        address = following[0]["href"] if following else ""
    return ids


@pytest.mark.parametrize("query", ["", *QUERIES])
def test_the_file_is_the_list_in_its_order(auditor, many, query):
    ids = listed(auditor, query)

    assert [record["id"] for record in records_of(auditor, query)] == ids
    assert 0 < len(ids) <= TASKS
    assert not query or len(ids) < TASKS


random_queries = st.builds(
    lambda parts, order_by, order: "&".join([*parts, f"orderBy={order_by}", f"order={order}"]),
    st.lists(
        st.sampled_from(sorted({part for query in QUERIES for part in query.split("&") if "order" not in part})),
        max_size=3,
        unique_by=lambda part: part.split("=")[0],
    ),
    st.sampled_from(sorted(ORDER_COLUMNS)),
    st.sampled_from(["asc", "desc"]),
)


@given(query=random_queries)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_for_any_filter_the_file_is_the_union_of_the_pages(auditor, many, query):
    assert [record["id"] for record in records_of(auditor, query)] == listed(auditor, query)


def test_place_page_size_and_source_do_not_cut_the_file(auditor, many):
    whole = file_of(auditor, "orderBy=name")

    assert file_of(auditor, "orderBy=name&limit=25&page=2") == whole
    assert file_of(auditor, "orderBy=name&source=live&before=end") == whole


def test_the_same_question_gives_the_same_bytes(auditor, many):
    assert file_of(auditor, QUERIES[3]) == file_of(auditor, QUERIES[3])


def test_tasks_that_are_gone_stay_out_unless_they_are_asked_for(acme, auditor, many):
    record_gone([task_id(1)], Look(acme, Learned.SWEEP, NOON))

    assert len(records_of(auditor)) == TASKS - 1
    assert len(records_of(auditor, "gone=include")) == TASKS
    (gone,) = records_of(auditor, "gone=only&cols=id,goneAt")
    assert gone == {"id": str(task_id(1)), "goneAt": "2026-03-01T12:00:00.000Z"}


# --- More columns ---------------------------------------------------------------------------------------------


def test_columns_are_those_asked_for_in_that_order(auditor, many):
    assert file_of(auditor, "cols=status,id,status").split(b"\r\n")[0] == b"status,id"


def test_every_column_there_is_can_be_had(auditor, many):
    (header, *records) = rfc4180.read(file_of(auditor, f"cols={','.join(COLUMNS)}").decode())

    assert header == list(COLUMNS)
    assert len(records) == TASKS


def test_a_column_of_the_output_is_text_as_it_is_and_the_rest_as_json(acme, auditor):
    body = {
        "text": 'a "b"',
        "price": "@",
        "big": 9007199254740993,
        "yes": True,
        "nothing": None,
        "list": [1, {"k": "v"}],
        "blank": "",
        "a.b": 5,
    }
    mirrored(acme, task_json(1, outputContent={"role": "assistant", "content": body}))
    columns = ["text", "big", "yes", "nothing", "list", "list[1].k", "blank", "absent", "list[9]"]

    (record,) = records_of(auditor, "cols=" + ",".join(f"output.{column}" for column in columns))

    assert record == {
        "output.text": 'a "b"',
        "output.big": "9007199254740993",
        "output.yes": "true",
        "output.nothing": None,
        "output.list": '[1, {"k": "v"}]',
        "output.list[1].k": "v",
        "output.blank": "",
        "output.absent": None,
        "output.list[9]": None,
    }


def test_milliseconds_are_kept_and_finer_ones_cut(acme, auditor):
    mirrored(acme, task_json(1, createdAt="2026-03-01T12:00:00.9999Z", updatedAt="2026-03-01T09:00:00.007-03:00"))

    (record,) = records_of(auditor)

    assert (record["createdAt"], record["updatedAt"]) == ("2026-03-01T12:00:00.999Z", "2026-03-01T12:00:00.007Z")


# --- What stands around it ------------------------------------------------------------------------------------


def test_length_digest_and_count_are_those_of_the_file(auditor, many):
    response = auditor.get("/tasks.csv?status=completed")
    octets = response.getvalue()

    digest = hashlib.sha256(octets)
    assert response["Content-Length"] == str(len(octets))
    assert response["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert response["ETag"] == f'"{digest.hexdigest()}"'
    assert response["X-Row-Count"] == str(len(rfc4180.read(octets.decode())) - 1)
    assert response["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response["Content-Disposition"].startswith('attachment; filename="tasks-20')
    assert "no-store" in response["Cache-Control"]


def test_every_export_is_recorded_with_what_was_taken(auditor, acme, many):
    octets = file_of(auditor, "status=completed&orderBy=name&limit=25")

    record = ExportRecord.objects.get()
    assert record.workspace == acme
    assert record.person_email == "auditor@acme.example"
    assert record.outcome == ExportRecord.Outcome.COMPLETE
    assert record.query == "status=completed&orderBy=name"
    assert record.columns == list(DEFAULT_COLUMNS)
    assert record.rows == len(rfc4180.read(octets.decode())) - 1
    assert (record.size_bytes, record.sha256) == (len(octets), hashlib.sha256(octets).hexdigest())
    assert record.started_at <= record.ended_at


def test_nothing_is_left_in_the_state_folder(auditor, many, spool_folder):
    file_of(auditor)

    assert list(spool_folder.iterdir()) == []


def test_a_file_costs_the_same_statements_however_long_it_is(acme, auditor, django_assert_max_num_queries):
    mirrored(acme, *variety())
    file_of(auditor)

    # Five of them for what the manifest says of the mirror.
    with django_assert_max_num_queries(17):
        file_of(auditor)


# --- Who may ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("auditor", 200), ("operator", 200), ("reviewer", 200), ("admin", 200)]
)
def test_only_those_with_the_right_to_export_get_a_file(acme, many, role, status):
    response = signed_in(make_person(role, acme)).get("/tasks.csv")

    response.getvalue() if response.streaming else None
    assert response.status_code == status
    assert ExportRecord.objects.count() == (status == 200)


def test_a_viewer_is_told_what_is_missing_and_whom_to_ask(acme, viewer, many):
    make_person("admin", acme, "head@acme.example")

    response = viewer.get("/tasks.csv")

    assert "As Viewer you may not export tasks as CSV" in read(response.content).words
    assert "head@acme.example" in response.content.decode()
    assert "INV-" not in response.content.decode()


def test_a_visitor_is_sent_to_sign_in(many):
    response = Client().get("/tasks.csv?status=completed")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/tasks.csv%3Fstatus%3Dcompleted"


@pytest.mark.parametrize("query", ["", "gone=include", f"ids={task_id(1)}", f"q={task_id(1)}"])
def test_an_outsider_gets_no_row_of_another_workspace(outsider, many, query):
    assert file_of(outsider, query) == HEADER.encode() + b"\r\n"


def test_outputs_of_another_workspace_stay_there(acme, elsewhere, outsider):
    mirrored(acme, task_json(1))
    secret = {"role": "assistant", "content": {"cliente": "Theirs"}}
    mirrored(elsewhere, task_json(1, outputContent=secret))

    assert [record["output.cliente"] for record in records_of(outsider, "cols=output.cliente")] == ["Theirs"]
    assert records_of(outsider, "output.cliente=Acme Corp") == []


# --- Better none than a wrong one -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("status=nonsense", "nonsense"),
        ("status=completed&foo=1", "foo"),
        ("createdAtSince=yesterday", "yesterday"),
        ("orderBy=password", "password"),
        ("cols=id,password", "password"),
        ("cols=output.", "output."),
        ("limit=0", "limit"),
        ("q=%00", "unreadable"),
        ("ids=" + "x", "x"),
    ],
)
def test_a_filter_that_cannot_be_read_makes_no_file(auditor, many, query, words, spool_folder):
    response = auditor.get(f"/tasks.csv?{query}")

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")
    assert words in read(response.content).words
    assert ExportRecord.objects.count() == 0
    assert not spool_folder.exists() or list(spool_folder.iterdir()) == []


def test_a_filter_of_markup_is_quoted_as_text(auditor):
    response = auditor.get("/tasks.csv?%3Cscript%3Ealert(1)%3C/script%3E=1")

    assert "<script>alert(1)</script>" in read(response.content).text


# --- Failures in the middle -----------------------------------------------------------------------------------

#: Together more than all buffers between the server and us, so that it cannot have sent all before we notice.
FAT_TASKS, FAT_NAME = 300, "x" * 100_000


@pytest.fixture
def fat(transactional_db):
    """Tasks of 30 MB in the committed database, an auditor, and a client that answers as a server would."""
    acme = make_workspace("acme")
    Task.objects.bulk_create(card(acme, name=FAT_NAME) for _ in range(FAT_TASKS))
    return signed_in(make_person("auditor", acme), raise_request_exception=False)


class CountingHash:
    """A hash that calls out when so many bytes have gone through."""

    def __init__(self, at: int, call: Any) -> None:
        self.hash, self.left, self.call = hashlib.sha256(), at, call

    def update(self, octets: bytes) -> None:
        self.hash.update(octets)
        self.left -= len(octets)
        if self.left < 0 and self.call:
            call, self.call = self.call, None
            call()

    def hexdigest(self) -> str:
        return self.hash.hexdigest()


def terminate_backend() -> None:
    """As an administrator, or a restart of the database, would."""
    pid = connection.connection.info.backend_pid
    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    with psycopg.connect(**known, autocommit=True) as other:
        assert other.execute("SELECT pg_terminate_backend(%s)", [pid]).fetchone() == (True,)


def assert_nothing_left(response: Any, folder: Path) -> None:
    assert response.status_code >= 500
    assert response["Content-Type"].startswith("text/html")
    assert not response.streaming
    assert list(folder.iterdir()) == []
    record = ExportRecord.objects.get()
    assert record.outcome == ExportRecord.Outcome.FAILED
    assert record.ended_at is not None
    assert record.error
    assert (record.rows, record.size_bytes, record.sha256) == (None, None, "")


def test_a_connection_lost_in_the_middle_leaves_no_file_and_no_200(fat, spool_folder, monkeypatch):
    hashes = SimpleNamespace(sha256=lambda: CountingHash(2_000_000, terminate_backend))
    monkeypatch.setattr(writing, "hashlib", hashes)

    response = fat.get("/tasks.csv")

    assert_nothing_left(response, spool_folder)
    assert response.status_code == 503


def test_a_full_disk_leaves_no_file_and_no_200_and_the_next_export_is_whole(fat, spool_folder):
    with disk_of(5_000_000):
        response = fat.get("/tasks.csv")

    assert_nothing_left(response, spool_folder)
    assert "File too large" in ExportRecord.objects.get().error
    assert len(rfc4180.read(file_of(fat, "cols=id").decode())) == 1 + FAT_TASKS
    assert list(ExportRecord.objects.order_by("pk").values_list("outcome", flat=True)) == ["failed", "complete"]


def test_the_spool_lies_in_the_state_folder_and_is_nobody_elses(auditor, many, spool_folder):
    file_of(auditor)

    assert spool_folder == Path(django_settings.VAR_DIR) / "spool"
    assert spool_folder.stat().st_mode & 0o077 == 0


def test_the_log_of_exports_shows_each_with_its_filter_and_checksum(auditor, viewer, outsider, many):
    octets = file_of(auditor, "status=completed")

    page = read(auditor.get("/exports/").content)

    assert hashlib.sha256(octets).hexdigest() in {button.get("data-copy") for button in page.all("button")}
    assert "/tasks/?status=completed" in {link["href"] for link in page.all("a")}
    assert "auditor@acme.example" in page.one("tbody").words
    assert "auditor@acme.example" not in outsider.get("/exports/").content.decode()
    assert viewer.get("/exports/").status_code == 403


@pytest.mark.parametrize("profile", ["machine", "excel", "ndjson", "xlsx"])
def test_a_list_before_the_first_sync_is_a_file_without_rows(auditor, many, profile):
    answer = auditor.get(f"/tasks.csv?asOf=2001-01-01&profile={profile}")

    answer.close()
    assert answer.status_code == 200
    assert answer["X-Row-Count"] == "0"
