"""Several looks recorded together leave what one after the other leaves, at the cost of one."""

import datetime as dt
import random

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from telareview.tasks.mirror import Look, record_looks, record_tasks
from telareview.tasks.models import Learned, Task, TaskVersion
from telareview.tasks.snapshots import Snapshot
from tests.tasks.records import NOON, approved, record, stamp, task_json

pytestmark = pytest.mark.django_db


def look(workspace, second=0):
    return Look(workspace, Learned.PULL, NOON + dt.timedelta(days=1, seconds=second))


def state(number, minutes, name):
    kind = approved if minutes % 3 == 0 else task_json
    return record(kind(number, name=name, updatedAt=stamp(NOON + dt.timedelta(hours=2, minutes=minutes))))


def history(workspace):
    told = ("task_id", "number", "kind", "observed_at", "name", "content_hash", "changed_paths")
    return [
        (*rest, bytes(digest), paths)
        for *rest, digest, paths in TaskVersion.objects.of(workspace).order_by("task_id", "number").values_list(*told)
    ]


def cards(workspace):
    told = ("task_id", "version_number", "name", "observed_at", "status", "gone_at")
    return list(Task.objects.of(workspace).order_by("task_id").values_list(*told))


@pytest.mark.parametrize("seed", range(6))
def test_together_they_leave_what_they_leave_one_by_one(acme, elsewhere, seed):
    dice = random.Random(seed)
    # Few tasks and few stamps, so that looks meet the same tasks, older states and equal stamps.
    seen = [
        [state(dice.randint(1, 8), dice.randint(0, 5), f"name {dice.randint(1, 3)}") for _ in range(dice.randint(0, 6))]
        for _ in range(8)
    ]

    together = record_looks((map(Snapshot, records), look(acme, second)) for second, records in enumerate(seen))
    singly = [record_tasks(records, look(elsewhere, second)) for second, records in enumerate(seen)]

    assert history(acme) == history(elsewhere)
    assert cards(acme) == cards(elsewhere)
    for some, others in zip(together, singly, strict=True):
        assert (some.new, some.changed, some.older) == (others.new, others.changed, others.older)
        assert set(some.unchanged) == set(others.unchanged)


def test_eight_looks_cost_the_statements_of_one(acme):
    def statements(looks, first):
        with CaptureQueriesContext(connection) as caught:
            record_looks(
                ([Snapshot(record(task_json(first + 10 * each + number))) for number in range(10)], look(acme))
                for each in range(looks)
            )
        return len(caught)

    assert statements(1, first=1) == statements(8, first=100)


def test_what_the_database_refuses_leaves_none_of_the_looks(acme, monkeypatch):
    monkeypatch.setattr("telareview.tasks.snapshots.searchable_json", lambda value: "no json")

    with pytest.raises(DatabaseError), transaction.atomic():
        record_looks([([Snapshot(record(task_json(number)))], look(acme)) for number in (1, 2)])

    assert not Task.objects.exists()
    assert not TaskVersion.objects.exists()


def test_no_look_is_nothing(acme):
    assert record_looks([]) == []
