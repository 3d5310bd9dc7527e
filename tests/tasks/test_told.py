"""Tela's own history of a task: kept as told, and shown with what we saw as one, each state once."""

import datetime as dt
import json

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from telareview.tasks.mirror import Look, record_gone
from telareview.tasks.models import Learned, Task, TaskVersion, ToldVersion
from telareview.tasks.sentences import tell
from telareview.tasks.timeline import history
from telareview.tasks.told import record_told
from telareview.tela import VersionRecord, decode
from tests.tasks.hostile import TEXTS
from tests.tasks.markup import read
from tests.tasks.records import NOON, approved, mirrored, stamp, task_id, task_json

pytestmark = pytest.mark.django_db

ANA = "ana.souza@acme.example"
#: When the tasks of these tests were created and, without further changes, updated.
CREATED = NOON + dt.timedelta(minutes=1)
APPROVED = NOON + dt.timedelta(minutes=1, hours=1)
OUTPUT = task_json(1)["outputContent"]
OTHER = {"role": "assistant", "content": {"cliente": "Acme Corporation"}}
UNSEEN_BETWEEN = "States between these two looks, if there were any, are not known."
UNSEEN_BEFORE = "Earlier states, if there were any, are not known."


def at(minutes=0, **more):
    return CREATED + dt.timedelta(minutes=minutes, **more)


def entry(version, status="validating", when=CREATED, output=OUTPUT, number=1, **changes):
    raw = {
        "id": str(task_id(1000 + version)),
        "taskId": str(task_id(number)),
        "version": version,
        "name": "INV-00001.pdf",
        "status": status,
        "outputContent": output,
        "changedBy": ANA,
        "changedAt": when and stamp(when),
        **changes,
    }
    return VersionRecord.from_json(decode(json.dumps(raw).encode()), task_id=task_id(number))


def told(workspace, *entries, number=1, asked_at=NOON + dt.timedelta(days=2)):
    return record_told(workspace, {task_id(number): entries}, asked_at)


def shown(workspace, number=1, **options):
    """What the history shows, oldest first: our number or None, Tela's number or None."""
    states = history(workspace, task_id(number), **options)
    return [(each.version and each.version.number, each.told and each.told.told_version) for each in states]


def gaps(workspace, **options):
    return [bool(each.gap) for each in tell(history(workspace, task_id(1), **options))[::-1]]


# --- Kept as told -----------------------------------------------------------------------------------------


def test_what_tela_tells_is_kept_whole_beside_its_facts(acme):
    output = {"content": {"saldo": 2**70 + 1, "nul": "\0", "half": "\ud800"}}
    odd = entry(3, "completed", output=output, unknown={"kept": True})

    assert told(acme, odd) == 1

    row = ToldVersion.objects.get()
    assert (row.told_version, row.status, row.changed_by, row.changed_at) == (3, "completed", ANA, CREATED)
    assert decode(row.text.encode()) == odd.raw
    assert f'"saldo":{2**70 + 1}' in row.text


def test_told_the_same_twice_changes_nothing(acme):
    entries = [entry(number) for number in range(1, 8)]
    told(acme, *entries)

    with CaptureQueriesContext(connection) as caught:
        assert told(acme, *reversed(entries), asked_at=NOON + dt.timedelta(days=3)) == 0

    assert ToldVersion.objects.count() == 7
    assert len(caught) == 1


def test_many_tasks_are_kept_with_three_statements(acme):
    entries = {task_id(number): [entry(1, number=number), entry(2, number=number)] for number in range(1, 30)}

    with CaptureQueriesContext(connection) as caught:
        assert record_told(acme, entries, NOON) == 58

    assert len([query for query in caught if "SAVEPOINT" not in query["sql"]]) == 3


def test_a_version_told_differently_is_another_row_and_the_latest_is_shown(acme):
    mirrored(acme, task_json(1))
    told(acme, entry(1, "created", at(-1)))

    told(acme, entry(1, "created", at(-1), changedBy="other@acme.example"), asked_at=NOON + dt.timedelta(days=3))

    assert ToldVersion.objects.count() == 2
    (before, _seen) = tell(history(acme, task_id(1)))[::-1]
    assert "other@acme.example" in before.told
    assert "differently before" in before.told


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET status = 'x'", "TRUNCATE {}"])
def test_what_was_told_can_be_neither_removed_nor_changed(acme, statement):
    told(acme, entry(1))

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(statement.format("tasks_toldversion"))


def test_what_was_told_changes_no_number_of_ours(acme):
    mirrored(acme, task_json(1))
    before = (list(Task.objects.values()), list(TaskVersion.objects.values()))

    told(acme, entry(1, "created", at(-5)), entry(2, "completed", at(5)))
    mirrored(acme, approved(1))

    assert list(TaskVersion.objects.order_by("pk").values_list("number", flat=True)) == [1, 2]
    assert before[1] == list(TaskVersion.objects.filter(number=1).values())


def test_workspaces_are_told_apart(acme, elsewhere):
    mirrored(acme, task_json(1))
    mirrored(elsewhere, task_json(1))

    told(elsewhere, entry(1, "created", at(-1)))

    assert shown(acme) == [(1, None)]
    assert shown(elsewhere) == [(None, 1), (1, None)]


# --- One history ------------------------------------------------------------------------------------------


def test_what_was_before_the_mirror_comes_first(acme):
    mirrored(acme, task_json(1, updatedAt=stamp(at(30))))

    told(acme, entry(1, "created", at(), None), entry(2, "running", at(1), None), entry(3, "validating", at(30)))

    assert shown(acme) == [(None, 1), (None, 2), (1, 3)]
    seen, running, created = tell(history(acme, task_id(1)))
    assert (created.sentence, running.sentence) == ("Created", "From created to running")
    assert running.told == f"told by Tela as its version 2, changed by {ANA}"
    assert (running.address, running.learned) == ("", "")
    assert seen.sentence == "First seen, waiting for review"
    assert "version 3" in seen.told


def test_what_came_and_went_between_two_looks_stands_between_them(acme):
    mirrored(acme, task_json(1))
    mirrored(acme, approved(1))

    told(
        acme,
        entry(1, "validating", CREATED),
        entry(2, "completed", at(10)),
        entry(3, "validating", at(20)),
        entry(4, "completed", APPROVED),
    )

    assert shown(acme) == [(1, 1), (None, 2), (None, 3), (2, 4)]
    assert gaps(acme) == [False, False, False, False]


def test_an_edit_a_millisecond_before_its_approval_is_a_state_of_its_own(acme):
    mirrored(acme, task_json(1))
    mirrored(acme, approved(1, "cliente", outputContent=OTHER))

    edit = entry(2, "validating", APPROVED - dt.timedelta(milliseconds=1), OTHER)
    told(acme, entry(1, "validating", CREATED), edit, entry(3, "completed", APPROVED, OTHER))

    assert shown(acme) == [(1, 1), (None, 2), (2, 3)]


@pytest.mark.parametrize("late", [-1, 0, 1, 700])
def test_an_entry_stamped_about_the_same_time_is_the_same_state(acme, late):
    mirrored(acme, task_json(1))

    told(acme, entry(1, "validating", at(milliseconds=late)))

    assert shown(acme) == [(1, 1)]


@pytest.mark.parametrize(("status", "expected"), [("completed", [(1, 1)]), ("validating", [(None, 1), (1, None)])])
def test_an_output_told_otherwise_is_the_same_state_if_stamp_and_status_agree(acme, status, expected):
    mirrored(acme, approved(1))

    told(acme, entry(1, status, APPROVED - dt.timedelta(milliseconds=1), OTHER))

    assert shown(acme) == expected


def test_of_two_entries_of_one_millisecond_the_last_is_what_was_seen(acme):
    mirrored(acme, approved(1))

    told(acme, entry(1, "validating", APPROVED, OTHER), entry(2, "completed", APPROVED))

    assert shown(acme) == [(None, 1), (1, 2)]


def test_an_entry_stamped_long_after_is_another_state(acme):
    mirrored(acme, task_json(1))

    told(acme, entry(1, "validating", at(5)))

    assert shown(acme) == [(1, None), (None, 1)]


def test_a_state_seen_only_after_its_tags_had_changed_is_shown_once(acme):
    mirrored(acme, task_json(1, tags=["urgent"], updatedAt=stamp(at(30))))

    told(acme, entry(1, "created", at(), None), entry(2, "validating", at(10)))

    assert shown(acme) == [(None, 1), (1, 2)]


@pytest.mark.parametrize("changes", [{"status": "failed"}, {"output": OTHER}])
def test_an_earlier_state_that_differs_is_shown(acme, changes):
    mirrored(acme, task_json(1, updatedAt=stamp(at(30))))

    told(acme, entry(1, **{"when": at(10), **changes}))

    assert shown(acme) == [(None, 1), (1, None)]


def test_the_same_moment_under_another_status_is_one_state_and_says_so(acme):
    mirrored(acme, approved(1))

    told(acme, entry(1, "approved", APPROVED))

    assert shown(acme) == [(1, 1)]
    (only,) = tell(history(acme, task_id(1)))
    assert only.told.endswith("there as approved")


def test_entries_without_a_time_stand_where_their_number_says(acme):
    mirrored(acme, task_json(1, updatedAt=stamp(at(30))))

    told(acme, entry(1, "created", None), entry(2, "running", at(2)), entry(3, None, None, changedBy=None))

    assert shown(acme) == [(None, 1), (None, 2), (None, 3), (1, None)]
    _seen, third, _second, first = tell(history(acme, task_id(1)))
    assert first.at is None
    assert (third.sentence, third.told) == ("Changed", "told by Tela as its version 3, changed by somebody unknown")


def test_a_task_that_is_gone_ends_the_history_whatever_tela_told_before(acme):
    mirrored(acme, task_json(1))
    record_gone([task_id(1)], Look(acme, Learned.SWEEP, NOON + dt.timedelta(days=3)))

    told(acme, entry(1, "validating", CREATED), entry(2, "completed", at(60)))

    assert shown(acme) == [(1, 1), (None, 2), (2, None)]


# --- What is not known ------------------------------------------------------------------------------------


def test_without_telas_own_history_the_gaps_are_named(acme):
    mirrored(acme, task_json(1, updatedAt=stamp(at(5))), at=at(6))
    mirrored(acme, approved(1), at=NOON + dt.timedelta(days=1))

    second, first = tell(history(acme, task_id(1)))

    assert (first.gap, second.gap) == (UNSEEN_BEFORE, UNSEEN_BETWEEN)


def test_a_task_seen_as_it_was_created_has_nothing_before(acme):
    mirrored(acme, task_json(1))

    assert gaps(acme) == [False]


def test_a_change_that_came_before_the_look_leaves_no_room_for_others(acme):
    mirrored(acme, task_json(1), at=at(60, seconds=1))
    mirrored(acme, approved(1), at=at(60, seconds=2))

    assert gaps(acme) == [False, False]


def test_telas_history_closes_the_gaps_up_to_the_moment_it_was_asked_for(acme):
    mirrored(acme, task_json(1, updatedAt=stamp(at(5))), at=at(6))
    told(acme, entry(1, "created", at(), None), entry(2, "validating", at(5)), asked_at=at(10))
    mirrored(acme, approved(1), at=at(70))

    assert gaps(acme) == [False, False, True]
    assert gaps(acme, told_until=at(80)) == [False, False, False]


def test_a_history_that_does_not_begin_at_its_beginning_says_so(acme):
    mirrored(acme, task_json(1, updatedAt=stamp(at(30))))

    told(acme, entry(4, "running", at(2)), entry(5, "validating", at(30)))

    assert gaps(acme) == [True, False]


# --- The page ---------------------------------------------------------------------------------------------


def test_the_history_tab_shows_what_is_kept_without_asking_tela(acme, viewer):
    mirrored(acme, task_json(1, updatedAt=stamp(at(30))))
    told(acme, entry(1, "created", at(), None), entry(2, "validating", at(30)))

    page = read(viewer.get(f"/tasks/{task_id(1)}/history/").content)

    seen, created = page.one("ol", class_="line").all("li")
    assert created["class"] == "told"
    assert "told by Tela as its version 1" in created.words
    assert "First seen" in seen.words
    assert not created.all("a")


def test_what_tela_tells_is_text(acme, viewer):
    mirrored(acme, task_json(1, updatedAt=stamp(at(30))))
    told(acme, *(entry(n, text, at(n / 100), changedBy=text, name=text) for n, text in enumerate(TEXTS, start=1)))

    response = viewer.get(f"/tasks/{task_id(1)}/history/")

    page = read(response.content)
    assert len(page.one("ol", class_="line").all("li")) == len(TEXTS) + 1
    assert not page.one("ol", class_="line").all("script") + page.one("ol", class_="line").all("img")


def test_a_long_told_history_costs_no_more_statements(acme, viewer):
    def statements():
        with CaptureQueriesContext(connection) as caught:
            viewer.get(f"/tasks/{task_id(1)}/history/")
        return len(caught)

    mirrored(acme, task_json(1, updatedAt=stamp(at(300))))
    told(acme, entry(1, "validating", at(1)))
    viewer.get("/tasks/")

    before = statements()
    told(acme, *(entry(number, "validating", at(number)) for number in range(2, 60)))

    assert statements() == before
