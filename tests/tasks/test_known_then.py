"""What was known at a moment: the same answer on any later day, and the one that the versions give."""

import datetime as dt
import hashlib
import random

import pytest
from django.utils import timezone

from telareview.tasks.former import remake
from telareview.tasks.mirror import Look, record_gone, record_tasks
from telareview.tasks.models import FormerCard, Horizon, KnownCard, Learned, Task, TaskVersion
from tests.tasks.records import NOON, approved, mirrored, record, stamp, task_id, task_json

pytestmark = pytest.mark.django_db

TASKS = range(1, 13)
SYNCS = 20
QUESTIONS = (
    "/tasks.csv?cols=id,status,name,approvedBy,updatedAt,goneAt,version,observedAt",
    "/tasks.csv?status=completed&orderBy=approvedAt&order=asc&cols=id,approvedAt",
    "/tasks.csv?gone=include&orderBy=reference&cols=id,status,version",
    "/tasks/?orderBy=name&order=asc&limit=7",
    "/tasks/?approvedBy=ana.souza%40acme.example&orderBy=status",
)


def random_sync(acme, chance, moment):
    """Some tasks as they might be found at the moment, each in one of the states a task can be in; some are gone."""
    found = []
    for number in chance.sample(TASKS, k=5):
        changes = {"name": f"N{chance.randrange(100)}.pdf", "updatedAt": stamp(moment - dt.timedelta(seconds=1))}
        found.append(approved(number, **changes) if chance.random() < 0.4 else task_json(number, **changes))
    record_tasks([record(raw) for raw in found], Look(acme, Learned.PULL, moment))
    record_gone([task_id(number) for number in chance.sample(TASKS, k=1)], Look(acme, Learned.SWEEP, moment))


def answers(client, moment):
    return [digest(client, f"{question}&asOf={stamp(moment)}") for question in QUESTIONS]


def digest(client, address):
    response = client.get(address)
    assert response.status_code == 200
    if response.streaming:
        return hashlib.sha256(b"".join(response.streaming_content)).hexdigest()
    rows = response.context["listing"].rows
    return hashlib.sha256(repr([tuple(row.task) for row in rows]).encode()).hexdigest()


def known_by_definition(acme, moment):
    """Of each task the last version whose look began by then."""
    last = {}
    for version in TaskVersion.objects.of(acme).filter(observed_at__lte=moment).order_by("number"):
        last[version.task_id] = version.pk
    return set(last.values())


def known(acme, moment):
    furthest = Horizon.objects.furthest(acme, moment)
    return [card.version_id for card in KnownCard.objects.of(acme).known_at(moment, furthest)]


def test_the_list_after_each_of_twenty_syncs_is_the_same_when_it_is_asked_for_later(acme, auditor):
    chance = random.Random(7)
    moments = [NOON + dt.timedelta(days=1, hours=7 * step) for step in range(SYNCS)]
    then = {}
    for moment in moments:
        random_sync(acme, chance, moment)
        then[moment] = answers(auditor, moment)

    later = {moment: answers(auditor, moment) for moment in moments}

    assert later == then
    assert len({tuple(answer) for answer in then.values()}) == SYNCS


@pytest.mark.parametrize("seed", range(5))
def test_of_each_task_the_last_version_observed_by_then_is_known_also_where_looks_overlap(acme, seed):
    chance = random.Random(seed)
    moments = [NOON + dt.timedelta(days=2, minutes=chance.randrange(600)) for _ in range(12)]
    for moment in moments:
        random_sync(acme, chance, moment)

    for moment in [*moments, *(moment - dt.timedelta(microseconds=1) for moment in moments)]:
        found = known(acme, moment)
        assert len(found) == len(set(found))
        assert set(found) == known_by_definition(acme, moment)
    assert TaskVersion.objects.of(acme).count() > len(TASKS)


def test_a_look_that_began_earlier_but_brought_the_later_state_shortens_what_was_known(acme):
    mirrored(acme, task_json(1), at=NOON + dt.timedelta(hours=2))
    mirrored(
        acme, task_json(1, name="B", updatedAt=stamp(NOON + dt.timedelta(hours=1))), at=NOON + dt.timedelta(hours=4)
    )
    mirrored(
        acme, task_json(1, name="C", updatedAt=stamp(NOON + dt.timedelta(hours=2))), at=NOON + dt.timedelta(hours=3)
    )

    assert [known(acme, NOON + dt.timedelta(hours=hour)) for hour in (1, 2, 3, 5)] == [
        [],
        *([version.pk] for version in TaskVersion.objects.filter(number__in=[1, 3]).order_by("number")),
        [TaskVersion.objects.get(number=3).pk],
    ]


def test_former_cards_made_anew_from_the_versions_are_those_that_stand_there(acme):
    chance = random.Random(3)
    for _ in range(12):
        random_sync(acme, chance, NOON + dt.timedelta(days=2, minutes=chance.randrange(600)))
    columns = [field.attname for field in FormerCard._meta.fields if field.attname != "id"]
    standing = sorted(FormerCard.objects.values_list(*columns), key=repr)
    horizons = sorted(Horizon.objects.values_list("day", "updated_at", "created_at", "approved_at", "reference"))

    remake(acme, [task_id(number) for number in TASKS])

    assert standing
    assert sorted(FormerCard.objects.values_list(*columns), key=repr) == standing
    assert (
        sorted(Horizon.objects.values_list("day", "updated_at", "created_at", "approved_at", "reference")) == horizons
    )


def test_a_task_seen_once_has_no_former_card(acme):
    mirrored(acme, task_json(1), task_json(2))

    assert not FormerCard.objects.exists()
    assert Task.objects.of(acme).count() == 2


def test_a_stamp_ahead_of_our_clock_hides_no_task(acme, viewer):
    ahead = stamp(NOON + dt.timedelta(days=90))
    mirrored(acme, task_json(1, createdAt=ahead, updatedAt=ahead), task_json(2), at=NOON)

    response = viewer.get("/tasks/", {"asOf": stamp(NOON)})

    assert [row.task.reference for row in response.context["listing"].rows] == [1, 2]


def test_a_moment_before_the_first_look_is_told_with_the_moment_of_that_look(acme, viewer):
    mirrored(acme, task_json(1), at=NOON)

    response = viewer.get("/tasks/", {"asOf": stamp(NOON - dt.timedelta(days=3))})

    assert response.context["listing"].rows == []
    assert "The mirror begins" in response.content.decode()


@pytest.mark.parametrize("address", ["/tasks/", f"/tasks/{task_id(1)}/", "/tasks/count/"])
@pytest.mark.parametrize("moment", ["yesterday-ish", "2026-13-45", "9" * 40, "+0"])
def test_an_unreadable_moment_shows_the_present(acme, viewer, address, moment):
    mirrored(acme, task_json(1))

    assert viewer.get(address, {"asOf": moment}).status_code == 200


def test_an_unreadable_moment_and_one_to_come_are_told_on_the_list_and_on_the_task(acme, viewer):
    mirrored(acme, task_json(1))

    for address in ("/tasks/", f"/tasks/{task_id(1)}/"):
        unreadable = viewer.get(address, {"asOf": "then"}).content.decode()
        to_come = viewer.get(address, {"asOf": stamp(timezone.now() + dt.timedelta(days=2))}).content.decode()

        assert "asOf: “then” is not a date" in unreadable
        assert "asOf lies in the future; the present is shown." in to_come
