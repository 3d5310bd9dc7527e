import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.tela import TaskQuery
from telareview.tela.instants import read_instant
from tests.tela.rows import APP_ID, OTHER_ID, TASK_ID

NOON = datetime(2025, 1, 15, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-3)))


def asked(**criteria):
    """The parameters beyond those which are always sent."""
    parameters = TaskQuery(**criteria).parameters()
    assert len(dict(parameters)) == len(parameters)
    return {name: text for name, text in parameters if name not in ("limit", "offset", "orderBy", "order")}


def test_a_bare_question_says_its_page_and_its_order():
    assert TaskQuery().parameters() == [("limit", "100"), ("offset", "0"), ("orderBy", "updatedAt"), ("order", "asc")]


def test_statuses_are_one_json_array_even_if_there_is_only_one():
    assert asked(status=("completed",)) == {"status": '["completed"]'}
    assert asked(status=("completed", "failed")) == {"status": '["completed","failed"]'}


@pytest.mark.parametrize(
    ("field", "name"), [("approved_by", "approvedBy"), ("created_by", "createdBy"), ("tags", "tags")]
)
def test_one_value_is_bare_and_several_are_a_json_array(field, name):
    assert asked(**{field: ("ana@acme.com",)}) == {name: "ana@acme.com"}
    assert asked(**{field: ("ana@acme.com", "joão@acme.com")}) == {name: '["ana@acme.com","joão@acme.com"]'}


@pytest.mark.parametrize("tag", ["a,b", "[draft]", ' ["a"]'])
def test_a_lone_value_that_looks_like_a_list_is_put_into_one(tag):
    assert json.loads(asked(tags=(tag,))["tags"]) == [tag]


def test_ids_are_a_json_array_and_may_be_given_as_text():
    mixed: Any = (UUID(TASK_ID), OTHER_ID)

    query = TaskQuery(ids=mixed)

    assert query.ids == (UUID(TASK_ID), UUID(OTHER_ID))
    assert dict(query.parameters())["ids"] == f'["{TASK_ID}","{OTHER_ID}"]'


def test_instants_are_utc_with_milliseconds_and_a_range_never_shrinks():
    assert asked(updated_at_since=NOON, updated_at_until=NOON) == {
        "updatedAtSince": "2025-01-15T15:00:00.123Z",
        "updatedAtUntil": "2025-01-15T15:00:00.124Z",
    }


@given(st.datetimes(timezones=st.timezones()))
def test_a_sent_range_holds_the_instant_it_was_made_of(moment):
    try:
        sent = asked(created_at_since=moment, created_at_until=moment)
    except ValueError:
        assert moment.year in (1, 9999)
        return

    since, until = read_instant(sent["createdAtSince"]), read_instant(sent["createdAtUntil"])
    assert since <= moment <= until
    assert until - since <= timedelta(milliseconds=1)


def test_every_other_parameter_has_its_documented_name():
    assert asked(
        revision_process="approvedDirectly",
        approved_at_since=NOON,
        created_at_until=NOON,
        prompt_application_id=APP_ID,
        prompt_version_id=UUID(OTHER_ID),
        completion_run_id=UUID(TASK_ID),
        task_name="nota fiscal & recibo",
        exclude_input_output=True,
        object_links=True,
    ) == {
        "revisionProcess": "approvedDirectly",
        "approvedAtSince": "2025-01-15T15:00:00.123Z",
        "createdAtUntil": "2025-01-15T15:00:00.124Z",
        "promptApplicationId": APP_ID,
        "promptVersionId": OTHER_ID,
        "completionRunId": TASK_ID,
        "taskName": "nota fiscal & recibo",
        "excludeInputOutputColumns": "true",
        "objectLinks": "true",
    }
    assert asked(agent_id="agent-7") == {"agentId": "agent-7"}


def test_replace_changes_one_thing_and_checks_again():
    query = TaskQuery(status=("failed",))

    assert query.replace(offset=100) == TaskQuery(status=("failed",), offset=100)
    with pytest.raises(ValueError, match="limit"):
        query.replace(limit=0)


@pytest.mark.parametrize(
    ("criteria", "sentence"),
    [
        ({"limit": 0}, "limit must be a whole number from 1 to 100, not 0"),
        ({"limit": 101}, "from 1 to 100"),
        ({"limit": True}, "whole number"),
        ({"limit": "10"}, "whole number"),
        ({"offset": -1}, "offset must be a whole number of 0 or more"),
        ({"order_by": "price"}, "order_by must be one of name, "),
        ({"order": "up"}, "asc, desc"),
        ({"revision_process": "approved"}, "approvedWithRevisions, approvedDirectly"),
        ({"status": "completed"}, "status must be a tuple of texts"),
        ({"status": ("",)}, "not empty"),
        ({"status": (1,)}, "status must be text"),
        ({"approved_by": ("\ud800",)}, "half a character"),
        ({"task_name": ""}, "task_name must be text that is not empty"),
        ({"task_name": "a" * 1001}, "at most 1000"),
        ({"ids": ("x",)}, "ids must be a UUID"),
        ({"ids": TASK_ID}, "tuple of task ids"),
        ({"ids": [TASK_ID] * 101}, "at most 100 ids"),
        ({"prompt_application_id": "invoices"}, "prompt_application_id must be a UUID"),
        ({"created_at_since": datetime(2025, 1, 1)}, "created_at_since: An instant needs a time zone"),
        ({"updated_at_until": "2025-01-01"}, "updated_at_until must be a datetime"),
        ({"created_at_until": datetime.max.replace(tzinfo=UTC)}, "outside the years"),
        ({"prompt_application_id": APP_ID, "agent_id": "a"}, "an app or of an agent"),
    ],
)
def test_what_tela_would_refuse_or_misread_is_refused_here(criteria, sentence):
    with pytest.raises(ValueError, match=sentence):
        TaskQuery(**criteria)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=5))
def test_a_list_of_any_texts_can_be_read_back(people):
    assert json.loads(asked(approved_by=tuple(people))["approvedBy"]) == people
