"""The one door: idempotent, newest wins, every state kept."""

import datetime as dt
import hashlib
import json
import random
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Kind, Learned, OutputIndex, Payload, Task, TaskVersion
from telareview.tela import canonical_json, decode
from tests.tasks.records import NOON, approved, mirrored, record, stamp, task_id, task_json

pytestmark = pytest.mark.django_db


def kinds(number=1):
    return list(TaskVersion.objects.filter(task_id=task_id(number)).order_by("number").values_list("kind", flat=True))


def test_a_new_task_has_a_card_a_version_and_its_payload(acme):
    recorded = mirrored(acme, task_json(1))

    card = Task.objects.get()
    assert recorded.new == (task_id(1),)
    assert (card.name, card.reference, card.status) == ("INV-00001.pdf", 1, "validating")
    assert card.version.number == 1
    assert card.version.kind == Kind.FIRST_SEEN
    assert decode(card.version.payload.text.encode()) == record(task_json(1)).raw


def test_the_same_page_twice_changes_nothing(acme):
    page = [task_json(number) for number in range(1, 30)]
    mirrored(acme, *page)

    again = mirrored(acme, *page, at=NOON + dt.timedelta(days=2))

    assert (again.new, again.changed, len(again.unchanged)) == ((), (), 29)
    assert TaskVersion.objects.count() == 29


def test_approve_revoke_and_approve_again_are_three_events(acme):
    later = stamp(NOON + dt.timedelta(hours=3))
    last = stamp(NOON + dt.timedelta(hours=4))
    mirrored(acme, task_json(1))
    mirrored(acme, approved(1))
    mirrored(acme, task_json(1, updatedAt=later))
    mirrored(acme, approved(1, approvedAt=last, updatedAt=last))

    assert kinds() == [Kind.FIRST_SEEN, Kind.APPROVED, Kind.APPROVAL_REVOKED, Kind.APPROVED]


def test_a_change_names_the_fields_that_changed(acme):
    mirrored(acme, task_json(1))
    mirrored(acme, task_json(1, name="Renamed.pdf", updatedAt=stamp(NOON + dt.timedelta(hours=2))))

    newest = TaskVersion.objects.get(number=2)
    assert newest.kind == Kind.CHANGED
    assert set(newest.changed_paths) == {"name", "updatedAt"}


def test_an_older_snapshot_never_overwrites_a_newer_one(acme):
    mirrored(acme, approved(1))
    recorded = mirrored(acme, task_json(1))

    assert recorded.older == (task_id(1),)
    assert Task.objects.get().status == "completed"


def test_of_equal_stamps_the_look_that_began_later_wins(acme):
    first, second = task_json(1), task_json(1, tags=["urgent"])
    mirrored(acme, second, at=NOON + dt.timedelta(days=2))

    mirrored(acme, first, at=NOON + dt.timedelta(days=1))
    assert Task.objects.get().tags == ["urgent"]

    mirrored(acme, first, at=NOON + dt.timedelta(days=3))
    assert Task.objects.get().tags == []


def test_snapshots_in_any_order_end_at_the_newest(acme):
    states = [
        task_json(number, name=f"state {state}", updatedAt=stamp(NOON + dt.timedelta(hours=state)))
        for number in range(1, 6)
        for state in range(10)
    ]
    random.Random(7).shuffle(states)

    for state in states:
        mirrored(acme, state)

    assert set(Task.objects.values_list("name", flat=True)) == {"state 9"}
    for number in range(1, 6):
        versions = TaskVersion.objects.filter(task_id=task_id(number)).order_by("number")
        numbers = versions.values_list("number", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))


def test_signed_addresses_and_the_order_of_keys_are_no_change(acme):
    def with_file(address):
        return task_json(1, rawInput={"variables": {"document": {"file_url": address}}})

    mirrored(acme, with_file("https://files.example/a.pdf?X-Amz-Signature=1&X-Amz-Expires=60&page=2"))
    turned = dict(reversed(with_file("https://files.example/a.pdf?X-Amz-Signature=2&X-Amz-Expires=99&page=2").items()))

    assert mirrored(acme, turned).unchanged == (task_id(1),)
    assert mirrored(acme, with_file("https://files.example/a.pdf?X-Amz-Signature=2&page=3")).changed == (task_id(1),)


@pytest.mark.parametrize(
    "value",
    ["1.10", "9007199254740993", "123456789012345678901234567890", "1E+400", '"\\u0000"', '"\\ud800"', "-0.0", "1e-7"],
)
def test_every_digit_and_escape_survives(acme, value):
    body = json.dumps(task_json(1)).replace("150000", value).encode()
    sent = record(task_json(1)).from_json(decode(body))

    record_tasks([sent], Look(acme, Learned.PULL, NOON))

    text = Payload.objects.values_list("text", flat=True).get()
    assert text == sent.canonical_json
    assert canonical_json(decode(text.encode())) == text
    assert OutputIndex.objects.exists()


def test_text_that_no_column_can_hold_is_shown_by_stand_ins(acme):
    mirrored(acme, task_json(1, name="a\0b\ud800", tags=["\0"]))

    card = Task.objects.get()
    assert card.name == "a\u2400b\ufffd"
    assert card.tags == ["\u2400"]


def test_huge_names_and_tags_do_not_stop_the_mirror(acme):
    # Random text does not compress, so it would not fit an index entry.
    long = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzé😀", k=9000))

    mirrored(acme, task_json(1, name=long, tags=[long], createdBy=long))

    assert Task.objects.get().name == long


def test_the_commitment_covers_salt_and_payload(acme):
    mirrored(acme, task_json(1))

    version = TaskVersion.objects.get()
    salted = bytes(version.payload.salt) + version.payload.text.encode()
    assert bytes(version.payload_commit or b"") == hashlib.sha256(salted).digest()


@pytest.mark.parametrize("table", ["tasks_taskversion", "ledger_leaf", "ledger_checkpoint"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_history_cannot_be_removed(acme, table, statement):
    mirrored(acme, task_json(1))

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(statement.format(table))


def test_history_cannot_be_changed(acme):
    mirrored(acme, task_json(1))

    with pytest.raises(DatabaseError, match="append-only"):
        TaskVersion.objects.update(status="completed")


def test_a_page_costs_the_same_statements_whatever_its_size(acme):
    def statements(numbers):
        with CaptureQueriesContext(connection) as caught:
            mirrored(acme, *(task_json(number) for number in numbers))
        return len(caught)

    assert statements(range(1, 3)) == statements(range(10, 110))


def test_one_task_in_two_workspaces_is_two(acme, elsewhere):
    mirrored(acme, task_json(1))
    mirrored(elsewhere, task_json(1, name="Other.pdf"))

    assert Task.objects.of(acme).get().name == "INV-00001.pdf"
    assert Task.objects.of(elsewhere).get().name == "Other.pdf"


lives = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["edit", "approve", "revoke", "tag"]), st.booleans()), max_size=12
)


@given(lives)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_observed_state_is_kept_once_and_in_order(acme, life):
    Task.objects.all().delete()
    start = TaskVersion.objects.count()
    seen: dict[int, list[str]] = {}
    for clock, (number, act, observed_twice) in enumerate(life, start=1):
        moment = stamp(NOON + dt.timedelta(days=100 + start, seconds=clock))
        state = {
            "edit": approved(number, "cliente", updatedAt=moment, approvedAt=moment),
            "approve": approved(number, updatedAt=moment, approvedAt=moment),
            "revoke": task_json(number, updatedAt=moment),
            "tag": task_json(number, tags=[str(clock)], updatedAt=moment),
        }[act]
        for _ in range(1 + observed_twice):
            mirrored(acme, {**state, "id": str(task_id(number + 1000 * start))}, at=NOON + dt.timedelta(seconds=clock))
        seen.setdefault(number, []).append(record(state).canonical_json)

    for number, states in seen.items():
        versions = TaskVersion.objects.filter(task_id=task_id(number + 1000 * start)).order_by("number")
        assert len(versions) == len(states)
        assert all(before.updated_at < after.updated_at for before, after in pairwise(versions))
