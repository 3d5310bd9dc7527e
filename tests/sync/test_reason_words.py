"""Reasons of quarantined rows are told in the reader's language, whatever was kept."""

import ast
import inspect

import pytest
from django.utils import translation

from telareview.sync.reason_words import KINDS, REASONS, reason_in_readers_language
from telareview.tela import TaskRecord, fields, records
from telareview.tela.fields import UnreadableRow, kind_of
from tests.tela.rows import task_row

DEEP = 501

#: A row for every sentence.
BROKEN: dict[str, object] = {
    "id is missing.": task_row(id=None),
    "id is not a UUID.": task_row(id="42"),
    "status is missing.": task_row(status=None),
    "status is a number, not text.": task_row(status=7),
    "reference is text, not a whole number.": task_row(reference="7"),
    "reference is a number of more than 63 bits.": task_row(reference=2**70),
    "createdAt is missing.": task_row(createdAt=None),
    "updatedAt is not an instant with a time zone.": task_row(updatedAt="yesterday"),
    "approvedAt is true or false, not an instant.": task_row(approvedAt=True),
    "tags is an object, not a list.": task_row(tags={}),
    "tags holds null, not only text.": task_row(tags=["a", None]),
    "The row is a list, not an object.": [],
    "The row is nested deeper than 500 levels.": None,
}


def reason_of(row):
    with pytest.raises(UnreadableRow) as raised:
        TaskRecord.from_json(row)
    return str(raised.value)


def nested():
    value: object = 1
    for _ in range(DEEP):
        value = [value]
    return task_row(outputContent=value)


@pytest.mark.parametrize("reason", BROKEN)
def test_each_reason_is_translated(reason):
    row = BROKEN[reason] if BROKEN[reason] is not None else nested()
    assert reason_of(row) == reason

    with translation.override("en"):
        assert reason_in_readers_language(reason) == reason
    with translation.override("pt-br"):
        told = reason_in_readers_language(reason)
    assert told != reason
    assert reason.split()[0] in told or reason.startswith("The")


def test_no_sentence_of_the_client_is_without_one_here():
    """Each `UnreadableRow(…)` about a task in the client's source is met by a row above."""
    raised = 0
    for module in (fields, records):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UnreadableRow":
                raised += "version" not in ast.unparse(node)
    # An instant has two sentences in one place; a missing field is told in three.
    assert raised == len(REASONS) - 1 + 2


def test_the_kinds_are_those_the_client_names():
    assert {kind_of(value) for value in (None, True, "", [], {}, 1)} == set(KINDS)


def test_a_reason_of_another_version_is_shown_as_it_was_kept():
    assert reason_in_readers_language("Something else.") == "Something else."
