"""Columns of outputs as of a moment: out of the payload known then, to the byte what they were then."""

import datetime as dt

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings

from telareview.exports.profiles import PROFILES
from telareview.tasks.erasure import erase_tasks
from telareview.tasks.mirror import Look, record_gone, record_tasks
from telareview.tasks.models import Learned, Payload
from telareview.tasks.retention import apply_retention, keep_for
from telareview.tela import TaskRecord, canonical_json, decode
from tests.exports import rfc4180
from tests.exports.files import make
from tests.tasks.json_values import values
from tests.tasks.records import NOON, approved, mirrored, task_id, task_json
from tests.tasks.variety import TASKS, varied, variety

pytestmark = pytest.mark.django_db

COLUMNS = "id,editedFields,output.cliente,output.total.valor,output.total,output.absent,output.odd,output.list[1]"
THEN, LATER = NOON + dt.timedelta(hours=6), NOON + dt.timedelta(days=3)
QUESTION = "orderBy=name&order=asc&cols=" + COLUMNS
AS_OF = f"{QUESTION}&asOf={THEN:%Y-%m-%dT%H:%M:%SZ}"
TABLES = [name for name, profile in PROFILES.items() if profile.has_columns]
#: What `jsonb` refuses, what only looks like it, and outputs in other wrappings.
ODD = (
    {"odd": "a\0b \ud800 \udc00 \ud83e\uddfe \udc00\ud800"},
    {"odd": "back\\u0000slash \\\\ud800", "list": [1, {"k\0": 2.50}]},
    {"odd": -0.0, "total": {"valor": 9007199254740993}},
    {"odd": True},
    {"odd": "=1+1", "total": {"valor": 1.5}},
    {"role": "nobody", "content": {"odd": "inside"}, "odd": "outside"},
    ["no", "object"],
    "text alone",
    None,
)


def output(content):
    return {"role": "assistant", "content": content}


@pytest.fixture
def then(acme, tmp_path):
    """The files of every kind, made when this was the present."""
    odd = [task_json(100 + place, outputContent=output(content)) for place, content in enumerate(ODD)]
    mirrored(acme, *variety(), *odd, task_json(120, outputContent=ODD[0]), task_json(121, outputContent=None), at=NOON)
    return {profile: make(acme, tmp_path, QUESTION, profile).path.read_bytes() for profile in TABLES}


def change_everything(acme) -> None:
    numbers = [*range(1, TASKS + 1), *range(100, 122)]
    changed = (approved(number, "cliente", name="new", outputContent=output({"odd": "new"})) for number in numbers)
    mirrored(acme, *changed, at=LATER)
    record_gone([task_id(3)], Look(acme, Learned.SWEEP, LATER + dt.timedelta(hours=1)))


@pytest.mark.parametrize("profile", TABLES)
def test_the_file_as_of_then_is_the_one_that_was_made_then(acme, tmp_path, then, profile):
    assert make(acme, tmp_path, AS_OF, profile).path.read_bytes() == then[profile]

    change_everything(acme)

    assert make(acme, tmp_path, QUESTION, profile).path.read_bytes() != then[profile]
    assert make(acme, tmp_path, AS_OF, profile).path.read_bytes() == then[profile]


def cells(acme, tmp_path, query: str) -> dict[str, list[str | None]]:
    _header, *records = rfc4180.read(make(acme, tmp_path, query).path.read_bytes().decode())
    return {str(record[0]): record[1:] for record in records}


def test_a_task_that_was_gone_by_then_shows_its_last_output(acme, tmp_path):
    mirrored(acme, task_json(1, outputContent=output({"odd": "last"})), at=NOON)
    record_gone([task_id(1)], Look(acme, Learned.SWEEP, NOON + dt.timedelta(hours=1)))

    assert cells(acme, tmp_path, f"cols=id,output.odd&gone=only&asOf={THEN:%Y-%m-%dT%H:%M:%SZ}") == {
        str(task_id(1)): ["last"]
    }


@pytest.mark.parametrize("question", [QUESTION, AS_OF])
@pytest.mark.parametrize("profile", ["machine", "excel", "xlsx", "parquet"])
def test_what_was_erased_is_said_in_the_cell(acme, tmp_path, question, profile):
    mirrored(acme, varied(1), varied(2), at=NOON)
    erase_tasks(acme, [task_id(1)], reason="request 17")

    make(acme, tmp_path, question, profile)
    found = cells(acme, tmp_path, question)

    assert found[str(task_id(1))][1:] == ["erased under request 1"] * 6
    assert found[str(task_id(2))][2] == "100"


def test_a_payload_that_went_with_age_is_said_in_the_cell(acme, tmp_path):
    mirrored(acme, varied(1), at=NOON)
    keep_for(acme, 30)
    assert apply_retention(acme, now=NOON + dt.timedelta(days=60)) == 1

    assert cells(acme, tmp_path, f"cols=id,output.cliente&asOf={THEN:%Y-%m-%dT%H:%M:%SZ}") == {
        str(task_id(1)): ["erased"]
    }


@given(content=values)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_output_is_read_as_the_index_has_it(acme, content):
    assume(not has_keys_that_fall_together(content))
    raw = canonical_json(task_json(1, outputContent=output(content)))
    record_tasks([TaskRecord.from_json(decode(raw.encode()))], Look(acme, Learned.PULL, NOON))
    newest = Payload.objects.order_by("-pk").values_list("pk", flat=True)[0]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT exports_output_content(payload.text)::text = coalesce(content, 'null')::text"
            " FROM tasks_outputindex, tasks_payload AS payload WHERE payload.version_id = %s",
            [newest],
        )
        assert cursor.fetchone() == (True,)


def has_keys_that_fall_together(value) -> bool:
    """Both become U+FFFD, and only one of them can stand in the index."""
    if isinstance(value, dict):
        return {"\0", "\ud800"} <= value.keys() or any(map(has_keys_that_fall_together, value.values()))
    return isinstance(value, list) and any(map(has_keys_that_fall_together, value))
