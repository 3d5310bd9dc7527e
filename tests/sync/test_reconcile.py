"""Counts of months, with totals and without: what differs twice is swept for, what moves meanwhile is no verdict."""

import datetime as dt
import random

import pytest
from django.utils import timezone

from telareview.sandbox import SandboxServer
from telareview.sync.connection import tela_client
from telareview.sync.exclusive import run_exclusively
from telareview.sync.models import AbsentTask, SyncRun
from telareview.sync.pull import pull_tasks, reconcile_tasks
from telareview.sync.reconcile import MAX_MONTHS, MONTHS_A_RUN, SETTLED, count_from, months_between, reconcile
from telareview.sync.walk import UnsoundPage
from telareview.tasks.models import Task, TaskVersion
from telareview.tela import TelaClient

END = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture(params=["bare", "data"])
def envelope(request):
    return request.param


@pytest.fixture
def sandbox(envelope):
    with SandboxServer(tasks=150, seed=3, envelope=envelope, now=END.isoformat()) as server:
        yield server


@pytest.fixture
def filled(acme, sandbox):
    acme.api_url = sandbox.url
    acme.set_api_key(sandbox.key)
    acme.save()
    with tela_client(acme) as client:
        assert pull_tasks(acme, client, connections=1).outcome == SyncRun.Outcome.COMPLETE
    return acme


def months_of(*tasks):
    """Chooses the months in which these tasks were created, instead of any."""
    moments = [task.created_at for task in tasks]
    return lambda months, count: [each for each in months if any(each.since <= when <= each.until for when in moments)]


def compare(workspace, *, choose=random.sample, pause=lambda seconds: None):
    """One comparison, without waiting; the ended run."""
    with tela_client(workspace) as client:

        def work(run):
            reconcile(workspace, client, run, pause=pause, choose=choose)

        return run_exclusively(workspace, client, lambda: SyncRun.Kind.RECONCILE, work)


def lose(task):
    """As if the mirror held it no longer."""
    Task.objects.filter(pk=task.pk).update(gone_at=timezone.now())


def middle_task():
    return Task.objects.order_by("created_at")[70]


@pytest.mark.django_db
def test_equal_counts_are_told_and_nothing_is_fetched(filled, envelope):
    versions = TaskVersion.objects.count()

    run = compare(filled)

    assert run.outcome == SyncRun.Outcome.COMPLETE
    assert (run.counted["differing"], run.counted["restless"], run.fetched) == ([], [], 0)
    assert TaskVersion.objects.count() == versions
    if envelope == "data":
        assert run.counted["months"] == run.counted["every"] > 12
        assert run.counted["tasks"] == Task.objects.filter(created_at__lte=END - SETTLED).count() > 100
        assert run.calls == run.counted["months"] + 1
    else:
        assert run.counted["months"] == MONTHS_A_RUN < run.counted["every"]
    assert "the same number of tasks" in run.spoken_counts


@pytest.mark.django_db
def test_a_task_missing_in_the_mirror_is_fetched_by_a_sweep_of_its_month(filled):
    lost = middle_task()
    lose(lost)

    run = compare(filled, choose=months_of(lost))

    (difference,) = run.counted["differing"]
    assert difference["month"] == f"{lost.created_at:%Y-%m}"
    assert (difference["tela"] - difference["mirror"], difference["swept"]) == (1, True)
    assert [finding.task_id for finding in run.findings.all()] == [lost.task_id]
    assert Task.objects.get(task_id=lost.task_id).gone_at is None
    assert 0 < run.fetched == difference["tela"] < 60
    assert f"{lost.created_at:%Y-%m}: {difference['tela']} in Tela, {difference['mirror']} here." in run.spoken_counts
    assert compare(filled, choose=months_of(lost)).counted["differing"] == []


@pytest.mark.django_db
def test_a_deleted_task_is_asked_for_by_the_sweep_and_not_counted_from_then_on(filled, sandbox):
    deleted = middle_task()
    sandbox.world.delete(str(deleted.task_id))

    run = compare(filled, choose=months_of(deleted))

    assert run.counted["differing"][0]["swept"]
    assert AbsentTask.objects.get().task_id == deleted.task_id
    assert compare(filled, choose=months_of(deleted)).counted["differing"] == []


@pytest.mark.django_db
def test_a_month_that_moves_while_it_is_counted_gets_no_verdict(filled, sandbox):
    lost = middle_task()
    lose(lost)
    others = Task.objects.filter(created_at__month=lost.created_at.month, created_at__year=lost.created_at.year)
    moving = iter([str(task.task_id) for task in others])
    paused = []

    def pause(seconds):
        paused.append(seconds)
        if len(paused) == 1:
            sandbox.world.delete(next(moving))
            sandbox.world.delete(next(moving))

    run = compare(filled, choose=months_of(lost), pause=pause)

    assert sum(paused) >= 5
    assert run.counted["differing"] == []
    assert run.counted["restless"] == [f"{lost.created_at:%Y-%m}"]
    assert not run.findings.exists()
    assert Task.objects.get(task_id=lost.task_id).gone_at is not None


@pytest.mark.django_db
def test_a_difference_that_a_sweep_could_not_mend_is_not_swept_for_again_the_same_day(filled):
    lost = middle_task()
    lose(lost)
    first = compare(filled, choose=months_of(lost))
    lose(Task.objects.get(task_id=lost.task_id))

    same_day = compare(filled, choose=months_of(lost))
    SyncRun.objects.filter(pk__in=[first.pk, same_day.pk]).update(started_at=timezone.now() - dt.timedelta(days=2))
    next_day = compare(filled, choose=months_of(lost))

    assert [run.counted["differing"][0]["swept"] for run in (first, same_day, next_day)] == [True, False, True]


@pytest.mark.django_db
def test_a_task_of_the_last_two_minutes_is_not_counted(filled, sandbox):
    newest = Task.objects.filter(created_at__lte=END - SETTLED).latest("created_at")
    sandbox.world.arrive()
    sandbox.world.arrive(at="2026-11-23T11:58:01Z")

    assert compare(filled, choose=months_of(newest)).counted["differing"] == []

    late = sandbox.world.arrive(at="2026-11-23T11:57:59Z")

    assert compare(filled, choose=months_of(newest)).counted["differing"] != []
    assert Task.objects.filter(task_id=late).exists()


@pytest.mark.django_db
def test_an_error_of_tela_ends_the_comparison_with_its_sentence(filled, sandbox):
    sandbox.stop()

    with TelaClient(sandbox.url, sandbox.key, retries=0) as client:
        run = reconcile_tasks(filled, client)

    assert (run.outcome, run.error_code, run.counted) == (SyncRun.Outcome.INCOMPLETE, "connect_failed", None)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 100, 1000])
@pytest.mark.parametrize("guess", [0, 1, 2, 5, 99, 100, 101, 5000])
def test_a_count_is_found_from_any_guess(count, guess):
    asked = []

    def reaches(number):
        assert number > 0
        asked.append(number)
        return number <= count

    assert count_from(guess, reaches) == count
    assert len(asked) <= 2 + 2 * max(1, abs(count - guess)).bit_length()


def test_a_list_without_an_end_is_refused():
    with pytest.raises(UnsoundPage, match="every place"):
        count_from(5, lambda count: True)


def test_months_are_whole_and_end_with_now():
    months = months_between(
        dt.datetime(2025, 11, 30, 23, 59, tzinfo=dt.UTC), dt.datetime(2026, 2, 3, 4, 5, tzinfo=dt.UTC)
    )

    assert [month.name for month in months] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months[0].until == dt.datetime(2025, 11, 30, 23, 59, 59, 999_000, tzinfo=dt.UTC)
    assert months[-1].until == dt.datetime(2026, 2, 3, 4, 5, tzinfo=dt.UTC)


def test_the_distant_past_is_one_stretch():
    months = months_between(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 2, 3, tzinfo=dt.UTC))

    assert len(months) == MAX_MONTHS + 1
    assert months[0].until + dt.timedelta(milliseconds=1) == months[1].since


def test_a_world_that_begins_in_the_future_has_no_month():
    assert months_between(dt.datetime(2027, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 2, 3, tzinfo=dt.UTC)) == []
