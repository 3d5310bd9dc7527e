"""NDJSON: each task's payload to the letter, one a line."""

import datetime as dt
import json

import pytest

from telareview.accounts.pseudonyms import pseudonym
from telareview.tasks.erasure import erase_payloads
from telareview.tasks.filters import TaskFilter
from telareview.tasks.mirror import Look, record_gone
from telareview.tasks.models import Learned, Payload, Task
from tests.exports.files import make
from tests.tasks.records import NOON, approved, mirrored, task_id, task_json
from tests.tasks.variety import TASKS, variety

pytestmark = pytest.mark.django_db


def test_every_line_is_the_exact_text_that_the_mirror_holds(acme, tmp_path):
    mirrored(acme, *variety(), task_json(99, name='\\ \\\\ \\n "\0\ud800 é\n\t', reference=2**60))
    texts = set(Payload.objects.values_list("text", flat=True))

    spooled = make(acme, tmp_path, "", "ndjson")

    octets = spooled.path.read_bytes()
    assert octets.endswith(b"\n")
    assert set(octets.decode().split("\n")[:-1]) == texts
    assert octets.count(b"\n") == spooled.rows == TASKS + 1


def test_lines_stand_in_the_lists_order(acme, tmp_path):
    mirrored(acme, *variety())

    lines = make(acme, tmp_path, "orderBy=name&order=asc", "ndjson").path.read_text().splitlines()

    listed = TaskFilter(order_by="name", order="asc")
    ids = Task.objects.of(acme).in_order(listed).values_list("task_id", flat=True)
    assert [json.loads(line)["id"] for line in lines] == [str(task) for task in ids]


def test_a_list_of_the_past_holds_the_tasks_as_they_were(acme, tmp_path):
    mirrored(acme, task_json(1, name="before"), at=NOON)
    mirrored(acme, approved(1, name="after"), at=NOON + dt.timedelta(days=1))

    past = make(acme, tmp_path, "asOf=2026-03-01T13:00:00Z", "ndjson").path.read_text()
    assert json.loads(past)["name"] == "before"
    assert json.loads(make(acme, tmp_path, "", "ndjson").path.read_text())["name"] == "after"


def test_a_task_that_is_gone_is_what_was_last_known_of_it(acme, tmp_path):
    mirrored(acme, task_json(1, name="last known"))
    record_gone([task_id(1)], Look(acme, Learned.SWEEP, NOON + dt.timedelta(days=2)))

    for query in ("gone=include", "gone=only&asOf=2026-03-05T00:00:00Z"):
        assert json.loads(make(acme, tmp_path, query, "ndjson").path.read_text())["name"] == "last known"


def test_what_was_erased_is_said_to_be_missing(acme, tmp_path):
    mirrored(acme, task_json(1), task_json(2))
    erase_payloads(acme, [Task.objects.get(task_id=task_id(1)).version_id], reason="asked for")

    lines = make(acme, tmp_path, "orderBy=reference&order=asc", "ndjson").path.read_text().splitlines()

    assert json.loads(lines[0]) == {"id": str(task_id(1)), "payload": None}
    assert json.loads(lines[1])["id"] == str(task_id(2))


def test_masked_lines_name_nobody_and_keep_the_documents_to_the_letter(acme, tmp_path):
    document = {"role": "assistant", "content": {"price": 1.10, "contact": "supplier@beta.example"}}
    mirrored(acme, approved(1, "cliente", outputContent=document, createdBy="maria@acme.example"))

    text = make(acme, tmp_path, "", "ndjson", masked=True).path.read_text()

    assert "@acme.example" not in text
    task = json.loads(text)
    assert task["createdBy"] == pseudonym("maria@acme.example", acme)
    assert (
        task["approvedBy"] == task["metadata"]["editedFields"][0]["author"] == pseudonym("ana.souza@acme.example", acme)
    )
    assert task["outputContent"] == document
