"""For whatever question the API can express, the mirror and the API give the same tasks, in the same order."""

import datetime as dt
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from telareview.sandbox import SandboxServer
from telareview.sync.pull import pull_tasks
from telareview.tasks.api_call import ASKABLE_STATUSES, api_call
from telareview.tasks.filters import Span, TaskFilter
from telareview.tasks.models import Task
from tests.accounts.cast import make_workspace
from tests.sync.tela import NOW, client_of, connect, rows_of

pytestmark = pytest.mark.django_db

TASKS = 220
ZONES = [ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")]


@pytest.fixture(scope="module")
def tela():
    """A world of all kinds that stands still."""
    with SandboxServer(tasks=TASKS, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def rows(tela):
    """All its tasks by id, as JSON."""
    return {UUID(row["id"]): row for row in rows_of(tela, excludeInputOutputColumns="true")}


@pytest.fixture
def workspace(db, tela):
    workspace = connect(make_workspace(), tela)
    with client_of(tela) as client:
        pull_tasks(workspace, client, connections=1)
    return workspace


def in_mirror(workspace, asked, zone):
    return list(Task.objects.of(workspace).matching(asked, zone).in_order(asked).values_list("task_id", flat=True))


def in_api(tela, asked, zone):
    """The ids of all pages of the call that the live check would make."""
    found = []
    with client_of(tela) as client:
        while True:
            call = api_call(asked, zone, offset=len(found), limit=100)
            assert call.left_to_mirror == ()
            page = client.list_tasks(call.query)
            found += [task.id for task in page.tasks]
            if not page.tasks:
                return found


def subset(values):
    return st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True).map(tuple)


@st.composite
def moments(draw, stamps):
    """A day, or an instant on, just before or just after something that happened."""
    instant = dt.datetime.fromisoformat(draw(st.sampled_from(stamps)))
    if draw(st.booleans()):
        return instant.date()
    return instant + dt.timedelta(milliseconds=draw(st.sampled_from([-1, 0, 0, 1])))


@st.composite
def spans(draw, rows, key):
    stamps = sorted(row[key] for row in rows.values() if row[key])
    since, until = (draw(st.none() | moments(stamps)) for _ in range(2))
    return Span(since, until)


@st.composite
def askable(draw, rows):
    """Filters of which the API can express everything: one range of dates, approvers or creators, one app."""
    every = list(rows.values())
    told = {"status": draw(subset(ASKABLE_STATUSES))}
    who = draw(st.sampled_from(["approved_by", "created_by", None]))
    if who:
        key = {"approved_by": "approvedBy", "created_by": "createdBy"}[who]
        told[who] = draw(subset({row[key] for row in every if row[key]} | {"nobody@acme.example"}))
    when = draw(st.sampled_from(["approvedAt", "createdAt", "updatedAt", None]))
    if when:
        told[f"{when.removesuffix('At')}_at"] = draw(spans(rows, when))
    for name, key in (("prompt_application_id", "promptApplicationId"), ("prompt_version_id", "promptVersionId")):
        if draw(st.integers(0, 3)) == 0:
            told[name] = (UUID(draw(st.sampled_from(sorted({row[key] for row in every if row[key]})))),)
    if draw(st.integers(0, 2)) == 0:
        told["revision_process"] = (draw(st.sampled_from(["approvedDirectly", "approvedWithRevisions"])),)
    if draw(st.integers(0, 4)) == 0:
        told["ids"] = tuple(draw(st.lists(st.sampled_from(sorted(rows)), min_size=1, max_size=50, unique=True)))
    order_by = draw(st.sampled_from(["createdAt", "updatedAt", "approvedAt", "reference", "id"]))
    return TaskFilter(**told, order_by=order_by, order=draw(st.sampled_from(["asc", "desc"])))


def in_groups(ids, rows, key):
    """The ids in order, those of equal stamps or numbers together; without those that have none."""
    held = [task_id for task_id in ids if rows[task_id][key] is not None]
    return [(value, set(same)) for value, same in groupby(held, key=lambda task_id: rows[task_id][key])]


@given(data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_question_of_the_api_finds_the_same_tasks_in_the_same_order(workspace, tela, rows, data):
    asked, zone = data.draw(askable(rows)), data.draw(st.sampled_from(ZONES))

    here, there = in_mirror(workspace, asked, zone), in_api(tela, asked, zone)

    event("some" if 0 < len(here) < TASKS else "all" if here else "none")
    assert set(here) == set(there)
    assert len(here) == len(set(here))
    # Of equal stamps each has its own order, and empty cells stand at opposite ends.
    assert in_groups(here, rows, asked.order_by) == in_groups(there, rows, asked.order_by)


@pytest.mark.parametrize(
    "asked",
    [
        TaskFilter(),
        TaskFilter(status=("validating",)),
        TaskFilter(revision_process=("approvedDirectly",)),
        TaskFilter(revision_process=("approvedWithRevisions",)),
    ],
    ids=["everything", "waiting", "direct", "revised"],
)
def test_the_commonest_questions_find_some_and_the_same(workspace, tela, rows, asked):
    here = in_mirror(workspace, asked, ZONES[0])

    assert set(here) == set(in_api(tela, asked, ZONES[0]))
    assert 10 < len(here) <= TASKS


def test_two_ranges_find_fewer_here_than_the_api_would(workspace, tela):
    """Tela joins two ranges by OR; here all criteria join by AND, so the second is never sent."""
    day = dt.date(2026, 11, 1)
    asked = TaskFilter(created_at=Span(since=day), approved_at=Span(since=day))

    call = api_call(asked, ZONES[0])

    assert [str(label) for label in call.left_to_mirror] == ["created"]
    with client_of(tela) as client:
        there = {task.id for task in client.list_tasks(call.query).tasks}
    assert set(in_mirror(workspace, asked, ZONES[0])) < there


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_day_ends_with_its_last_millisecond_in_both(workspace, tela, rows, zone):
    for row in list(rows.values())[::20]:
        day = dt.datetime.fromisoformat(row["createdAt"]).astimezone(zone).date()
        asked = TaskFilter(created_at=Span(day, day))

        here = in_mirror(workspace, asked, zone)

        assert UUID(row["id"]) in here
        assert set(here) == set(in_api(tela, asked, zone))


def test_the_stroke_of_midnight_belongs_to_the_day_that_begins(acme):
    with SandboxServer(tasks=20, now=NOW) as sandbox:
        stroke = UUID(sandbox.world.arrive(at="2026-11-19T03:00:00.000Z"))
        before = UUID(sandbox.world.arrive(at="2026-11-19T02:59:59.999Z"))
        with client_of(sandbox) as client:
            pull_tasks(connect(acme, sandbox), client, connections=1)

        for day, inside, outside in ((18, before, stroke), (19, stroke, before)):
            asked = TaskFilter(created_at=Span(dt.date(2026, 11, day), dt.date(2026, 11, day)))
            for found in (in_mirror(acme, asked, ZONES[0]), in_api(sandbox, asked, ZONES[0])):
                assert inside in found
                assert outside not in found
