import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.tela import EditedField, TaskRecord, UnreadableRow, VersionRecord, canonical_json, decode
from telareview.tela.wire import MAX_DEPTH
from tests.tela.rows import APP_ID, OTHER_ID, TASK_ID, task_row

ELEVEN = datetime(2025, 1, 15, 11, tzinfo=UTC)


def read(**changes):
    return TaskRecord.from_json(task_row(**changes))


def without(*keys):
    return {key: value for key, value in task_row().items() if key not in keys}


def test_the_example_of_the_reference_is_read_whole():
    task = read()

    assert (task.id, task.reference, task.name, task.status) == (UUID(TASK_ID), 42, "Invoice-2025-001.pdf", "completed")
    assert (task.created_by, task.approved_by) == ("api@company.com", "reviewer@company.com")
    assert (task.created_at, task.updated_at, task.approved_at) == (
        datetime(2025, 1, 15, 10, 30, tzinfo=UTC),
        ELEVEN,
        ELEVEN,
    )
    assert task.prompt_application_id == UUID(APP_ID)
    assert (task.workflow_run_id, task.agent_id, task.deleted_at, task.source_type) == (None, None, None, "prompt")
    assert task.tags == ("priority", "reviewed")
    assert task.has_payload
    assert task.output_content["content"]["cliente"] == "Acme Corporation"
    assert task.original_output_content["content"]["cliente"] == "Acme Corp"
    assert task.raw_input["application_id"] == APP_ID
    assert task.input_content["files"] == []
    assert task.metadata["editedFields"][0]["path"] == "cliente"
    assert task.edited_fields == (
        EditedField(
            path=("cliente",),
            raw_path="cliente",
            author="reviewer@company.com",
            edited_at=ELEVEN,
            previous_value="Acme Corp",
            has_previous=True,
        ),
    )


def test_only_id_status_and_two_instants_are_needed():
    task = TaskRecord.from_json(
        {
            "id": TASK_ID,
            "status": "new-word",
            "createdAt": "2025-01-15T11:00:00Z",
            "updatedAt": "2025-01-15T08:00:00-03:00",
        }
    )

    assert (task.status, task.created_at, task.updated_at) == ("new-word", ELEVEN, ELEVEN)
    assert (task.name, task.reference, task.tags, task.edited_fields, task.has_payload) == (None, None, (), None, False)


def test_unknown_keys_and_every_digit_stay_in_the_raw_row():
    row = json.dumps(task_row(novelty={"z": 1, "a": "\x00\ud800"}, price=0)).replace('"price": 0', '"price": 1.10')

    task = TaskRecord.from_json(decode(row.encode()))

    assert task.raw["price"] == Decimal("1.10")
    assert r'"novelty":{"a":"\u0000\ud800","z":1}' in task.canonical_json
    assert '"price":1.10' in task.canonical_json


def test_the_canonical_text_is_written_once(monkeypatch):
    task = read()
    text = task.canonical_json

    monkeypatch.setattr("telareview.tela.records.canonical_decoded", None)

    assert task.canonical_json is text
    assert text == canonical_json(task_row())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id": None}, "id is missing."),
        ({"id": "42"}, "id is not a UUID."),
        ({"id": 42}, "id is not a UUID."),
        ({"id": "{8b6d2c9a-1f4e-4c1b-9a1e-3c2d5e6f7a80}"}, "id is not a UUID."),
        ({"id": "8b6d2c9a1f4e4c1b9a1e3c2d5e6f7a80"}, "id is not a UUID."),
        ({"id": "8b6d_c9a-1f4e-4c1b-9a1e-3c2d5e6f7a80"}, "id is not a UUID."),
        ({"status": 3}, "status is a number, not text."),
        ({"status": None}, "status is missing."),
        ({"createdAt": None}, "createdAt is missing."),
        ({"createdAt": "yesterday"}, "createdAt is not an instant with a time zone."),
        ({"updatedAt": "2025-01-15T11:00:00.000"}, "updatedAt is not an instant with a time zone."),
        ({"updatedAt": "2025-01-15"}, "updatedAt is not an instant with a time zone."),
        ({"updatedAt": 1736938800000}, "updatedAt is a number, not an instant."),
        ({"updatedAt": "0001-01-01T00:00:00+14:00"}, "updatedAt is not an instant with a time zone."),
        ({"approvedAt": ""}, "approvedAt is not an instant with a time zone."),
        ({"deletedAt": True}, "deletedAt is true or false, not an instant."),
        ({"tags": "urgent"}, "tags is text, not a list."),
        ({"tags": ["a", None]}, "tags holds null, not only text."),
        ({"reference": "42"}, "reference is text, not a whole number."),
        ({"reference": True}, "reference is true or false, not a whole number."),
        ({"reference": Decimal("42.0")}, "reference is a number, not a whole number."),
        ({"reference": 2**63}, "reference is a number of more than 63 bits."),
        ({"name": ["a"]}, "name is a list, not text."),
        ({"approvedBy": {"email": "a@b"}}, "approvedBy is an object, not text."),
        ({"agentId": 7}, "agentId is a number, not text."),
    ],
)
def test_a_row_of_another_shape_is_refused_with_a_reason(changes, sentence):
    with pytest.raises(UnreadableRow) as caught:
        read(**changes)

    assert str(caught.value) == sentence


@pytest.mark.parametrize("row", [None, "task", 7, [], True])
def test_what_is_no_object_is_refused(row):
    with pytest.raises(UnreadableRow, match=r"The row is .+, not an object\."):
        TaskRecord.from_json(row)


@pytest.mark.parametrize("value", ["none", 7, "", [], "95cec438-6080-44fe-8275-28b16bd4017Z"])
@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("promptApplicationId", "prompt_application_id"),
        ("promptVersionId", "prompt_version_id"),
        ("workspaceId", "workspace_id"),
        ("completionRunId", "completion_run_id"),
        ("workflowRunId", "workflow_run_id"),
    ],
)
def test_an_optional_uuid_that_is_none_becomes_none_and_stays_in_the_raw_row(key, field, value):
    task = read(**{key: value})

    assert getattr(task, field) is None
    assert task.raw[key] == value


def test_a_reference_beyond_two_to_the_53_is_exact():
    assert read(reference=9007199254740993).reference == 9007199254740993


@pytest.mark.parametrize("metadata", [None, {}, {"editedFields": None}, {"editedFields": {"a": 1}}, "text", []])
def test_without_a_list_of_edits_nothing_is_known(metadata):
    assert read(metadata=metadata).edited_fields is None


def test_an_empty_list_of_edits_is_knowledge():
    assert read(metadata={"editedFields": []}).edited_fields == ()


@pytest.mark.parametrize("edit", [None, "cliente", {}, {"path": None, "author": 3, "editedAt": "soon"}])
def test_an_edit_that_cannot_be_read_is_still_an_edit(edit):
    (edited,) = read(metadata={"editedFields": [edit]}).edited_fields

    assert (edited.author, edited.edited_at, edited.has_previous) == (None, None, False)


def test_a_previous_null_differs_from_no_previous_value():
    null, absent = read(metadata={"editedFields": [{"path": "a", "previousValue": None}, {"path": "a"}]}).edited_fields

    assert (null.has_previous, null.previous_value) == (True, None)
    assert (absent.has_previous, absent.previous_value) == (False, None)


PAYLOAD = ("rawInput", "inputContent", "outputContent", "originalOutputContent")


def test_a_row_without_input_and_output_has_no_payload():
    assert not TaskRecord.from_json(without(*PAYLOAD)).has_payload
    assert TaskRecord.from_json(without(*PAYLOAD[1:])).has_payload


def test_in_a_light_list_null_means_left_out():
    nulls = task_row(**dict.fromkeys(PAYLOAD))

    assert TaskRecord.from_json(nulls).has_payload
    assert not TaskRecord.from_json(nulls, light=True).has_payload
    assert TaskRecord.from_json(task_row(), light=True).has_payload


def nested(levels):
    value: object = None
    for _ in range(levels):
        value = {"a": value}
    return value


def test_a_row_nested_absurdly_is_refused_and_one_at_the_limit_is_read():
    assert read(outputContent=nested(MAX_DEPTH - 1)).has_payload
    for levels in (MAX_DEPTH, 200_000):
        with pytest.raises(UnreadableRow, match="deeper than 500 levels"):
            read(outputContent=nested(levels))


def test_records_are_frozen_comparable_and_hashable():
    task = read()

    with pytest.raises(AttributeError):
        task.status = "failed"
    assert task == read()
    assert task != read(outputContent=None)
    assert len({task, read()}) == 1


def test_a_printed_record_shows_no_person_and_no_content():
    printed = repr(read())

    assert TASK_ID in printed
    assert not any(word in printed for word in ("company.com", "Acme", "Invoice"))


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(task_row())), any_json), st.sets(st.sampled_from(sorted(task_row()))))
def test_any_retyped_or_missing_key_is_read_or_refused(changes, missing):
    row = {key: value for key, value in (task_row() | changes).items() if key not in missing}

    try:
        task = TaskRecord.from_json(row)
    except UnreadableRow:
        return
    assert decode(task.canonical_json.encode()) == row


VERSION = {
    "id": OTHER_ID,
    "taskId": TASK_ID,
    "version": 3,
    "name": "Invoice",
    "status": "validating",
    "outputContent": {"content": {"a": 1}},
    "changedBy": "reviewer@company.com",
    "changedAt": "2025-01-15T11:00:00.000Z",
}


def test_a_version_is_read_whole():
    version = VersionRecord.from_json(VERSION, task_id=UUID(TASK_ID))

    assert (version.id, version.task_id, version.version) == (UUID(OTHER_ID), UUID(TASK_ID), 3)
    assert (version.name, version.status, version.changed_by) == ("Invoice", "validating", "reviewer@company.com")
    assert (version.changed_at, version.output_content) == (ELEVEN, {"content": {"a": 1}})
    assert version.canonical_json == canonical_json(VERSION)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": None}, "version is missing"),
        ({"version": "3"}, "version is text"),
        ({"taskId": OTHER_ID}, "another task"),
        ({"taskId": "x"}, "another task"),
        ({"changedAt": "soon"}, "changedAt is not an instant"),
        ({"status": 1}, "status is a number"),
    ],
)
def test_a_version_of_another_shape_is_refused(changes, sentence):
    with pytest.raises(UnreadableRow, match=sentence):
        VersionRecord.from_json(VERSION | changes, task_id=UUID(TASK_ID))


@pytest.mark.parametrize("light", [False, True])
def test_a_record_that_travelled_to_another_process_tells_the_same(light):
    edits = [{"path": "total", "author": "ana@acme.example", "editedAt": "2026-03-01T12:00:00.000Z"}]
    row = task_row(
        tags=["a", "b"], metadata={"editedFields": edits}, reference=4711, inputContent=None, odd=Decimal("1.10")
    )
    record = TaskRecord.from_json(row, light=light)

    arrived = pickle.loads(pickle.dumps(record))

    assert arrived.name == record.name
    assert arrived.edited_fields == record.edited_fields
    assert arrived == record
    assert hash(arrived) == hash(record)
    assert arrived.raw == row
    assert arrived.has_payload is record.has_payload
    with pytest.raises(AttributeError):
        arrived.colour  # noqa: B018 - a field that no record has
