"""Jobs come round when they should."""

import asyncio
import datetime as dt
from itertools import pairwise

import pytest
from croniter import croniter  # type: ignore[import-untyped]
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.sync import jobs
from telareview.sync.unfinished import LATEST, SOONEST, TICK, is_due

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def turns(cron, seconds):
    """How often a cron line comes round within so many seconds."""
    times = croniter(cron, NOON - dt.timedelta(seconds=1))
    end, count = NOON.timestamp() + seconds, 0
    while times.get_next(float) < end:
        count += 1
    return count


def cron_of(name):
    return next(periodic.cron for (task, _id), periodic in app.periodic_registry.periodic_tasks.items() if task == name)


@pytest.mark.parametrize(
    ("name", "a_day"),
    [
        ("refresh_unfinished", 8640),
        ("retry_stalled_jobs", 1440),
        ("confirm_absences", 288),
        ("sweep_every_workspace", 1),
        ("reconcile_every_workspace", 24),
        ("forget_sessions", 1),
    ],
)
def test_a_periodic_job_comes_round_so_often_a_day(name, a_day):
    assert turns(cron_of(name), 86_400) == a_day


@pytest.mark.parametrize(("every", "an_hour"), [(5, 720), (30, 120), (60, 60), (300, 12)])
def test_pulls_are_scheduled_at_the_pace_asked_for(every, an_hour, monkeypatch):
    asked: list[str] = []

    def periodic(cron, task_kwargs):
        asked.append(cron)
        assert task_kwargs == {"every_seconds": every}
        return lambda task: task

    monkeypatch.setattr(app, "periodic", periodic)

    jobs.schedule_pulls(every)

    assert turns(asked[0], 3600) == an_hour


def test_a_running_task_is_asked_for_ever_more_rarely():
    updated_at = timezone.now()
    ages = [TICK * turn for turn in range(1, 8641)]

    asked = [age for age in ages if is_due(updated_at, updated_at + age)]

    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert asked[0] <= SOONEST
    assert gaps[0] <= SOONEST * 2
    assert max(gaps) <= LATEST * 2
    assert len(asked) < 120


def job(task, status, queueing_lock):
    """A job as it stands in the queue; of one that is being done the worker is not there any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, queueing_lock) "
            "VALUES ('review', %s, %s::procrastinate_job_status, %s) RETURNING id",
            [task, status, queueing_lock],
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_jobs_of_a_killed_worker_come_again_each_by_itself():
    """One that waits anew already kept all others from coming again, every minute."""
    killed = job("send_tasks", "doing", "batch 1")
    anew = job("send_tasks", "todo", "batch 1")
    other = job("approve_bulk", "doing", "bulk 1")

    async def turn():
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            async with working.open_async():
                await jobs.retry_stalled_jobs.func(0)

    asyncio.run(turn())

    left = ProcrastinateJob.objects.filter(pk__in=[killed, anew, other])
    assert dict(left.values_list("pk", "status")) == {anew: "todo", other: "todo"}
    with connection.cursor() as cursor:
        # Nobody empties a table that Django does not manage.
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = ANY(%s)", [[anew, other]])
