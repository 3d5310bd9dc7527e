"""Tela's own history is asked for when somebody looks and after a pull for what changed, and never in vain for long."""

import datetime as dt
from unittest.mock import Mock

import pytest
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.sandbox import SandboxServer
from telareview.sync import jobs, tela_versions
from telareview.sync.connection import tela_client
from telareview.sync.models import Bookmark, SyncRun
from telareview.sync.pull import pull_tasks
from telareview.sync.tela_versions import ASKED_AGAIN_AFTER, has_news, keep_histories
from telareview.tasks.models import Task, ToldVersion
from telareview.tasks.timeline import history
from telareview.tela import RateLimited, TelaClient
from tests.tasks.markup import read

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def sandbox():
    with SandboxServer(tasks=60, seed=3) as server:
        yield server


@pytest.fixture
def filled(acme, sandbox):
    acme.api_url = sandbox.url
    acme.set_api_key(sandbox.key)
    acme.save()
    pull(acme)
    keep(acme)
    return acme


@pytest.fixture
def without_versions(sandbox):
    """A Tela that has no such address."""
    api = sandbox.server.api
    api._routes = [(pattern, methods) for pattern, methods in api._routes if "versions" not in pattern]


def pull(workspace):
    with tela_client(workspace) as client:
        assert pull_tasks(workspace, client, connections=1).outcome == SyncRun.Outcome.COMPLETE


def keep(workspace, **options):
    with tela_client(workspace) as client:
        return keep_histories(workspace, client, **options)


def tasks_waiting(count):
    return list(Task.objects.filter(status="validating").order_by("created_at")[:count])


def approve(sandbox, tasks):
    for task in tasks:
        sandbox.world.approve(str(task.task_id))


def asked_for(sandbox):
    """The tasks whose versions were asked for."""
    return [request.path.split("/")[2] for request in sandbox.requests if request.path.endswith("/versions")]


def address(task, part="tela-versions"):
    return f"/tasks/{task.task_id}/{part}/"


# --- When somebody looks ------------------------------------------------------------------------------------


def test_looking_brings_what_was_before_the_mirror_and_keeps_it(filled, viewer, sandbox):
    task = Task.objects.filter(status="completed").first()
    truth = sandbox.world.versions(str(task.task_id))

    response = viewer.get(address(task), headers=HTMX)

    entries = read(response.content).one("ol", class_="line").all("li")
    assert ToldVersion.objects.count() == len(truth) > 2
    assert len(entries) == len(truth)
    assert [entry["class"] for entry in entries] == ["now"] + ["told"] * (len(truth) - 1)
    assert "Tela tells no versions" not in read(response.content).words


def test_what_was_told_is_still_shown_when_tela_is_down(filled, viewer, sandbox):
    task = Task.objects.filter(status="completed").first()
    viewer.get(address(task), headers=HTMX)
    sandbox.stop()

    response = viewer.get(address(task), headers=HTMX)

    page = read(response.content)
    assert response.status_code == 200
    assert "Shown is what is known so far." in page.one("div", class_="banner warning").words
    assert len(page.one("ol", class_="line").all("li")) == ToldVersion.objects.count() > 2
    assert len(read(viewer.get(address(task, "history")).content).one("ol", class_="line").all("li")) > 2


def test_looking_twice_keeps_it_once(filled, viewer):
    task = Task.objects.filter(status="completed").first()
    viewer.get(address(task), headers=HTMX)
    kept = ToldVersion.objects.count()

    viewer.get(address(task), headers=HTMX)

    assert ToldVersion.objects.count() == kept


def test_an_api_without_versions_leaves_the_page_working(filled, viewer, without_versions):
    response = viewer.get(address(tasks_waiting(1)[0]), headers=HTMX)

    page = read(response.content)
    assert response.status_code == 200
    assert "Tela tells no versions of this task." in page.words
    assert len(page.one("ol", class_="line").all("li")) == 1
    assert not ToldVersion.objects.exists()


def test_without_scripts_the_tab_itself_comes_back(filled, viewer):
    task = tasks_waiting(1)[0]

    response = viewer.get(address(task) + "?status=validating")

    assert response["Location"] == address(task, "history") + "?status=validating"
    assert ToldVersion.objects.exists()


def test_nobody_asks_for_a_task_of_another_workspace(filled, outsider, sandbox):
    task = tasks_waiting(1)[0]

    assert outsider.get(address(task), headers=HTMX).status_code == 404
    assert Client().get(address(task))["Location"].startswith("/accounts/login/")
    assert asked_for(sandbox) == []


def test_every_state_we_saw_is_one_that_tela_tells(filled, viewer, sandbox):
    approve(sandbox, tasks_waiting(3))
    pull(filled)
    for task in Task.objects.all():
        viewer.get(address(task), headers=HTMX)

    alone = [
        state
        for task in Task.objects.all()
        for state in history(filled, task.task_id)
        if state.version is not None and state.told is None and "auditado" not in state.version.tags
    ]
    assert alone == []


# --- After a pull -------------------------------------------------------------------------------------------


def test_a_first_fill_asks_for_no_history(filled, sandbox):
    assert asked_for(sandbox) == []
    assert not has_news(filled)


def test_after_a_pull_the_changed_tasks_are_asked_for_and_no_others(filled, sandbox):
    changed = tasks_waiting(3)
    approve(sandbox, changed)
    new = sandbox.world.arrive()
    pull(filled)

    assert keep(filled) == ToldVersion.objects.count() >= 6

    assert sorted(asked_for(sandbox)) == sorted(str(task.task_id) for task in changed)
    assert Task.objects.filter(task_id=new).exists()
    assert keep(filled) == 0
    assert len(asked_for(sandbox)) == 3


def test_a_state_that_came_and_went_between_two_pulls_is_filled_in(filled, sandbox):
    (task,) = tasks_waiting(1)
    approve(sandbox, [task])
    sandbox.world.revoke(str(task.task_id))
    pull(filled)
    keep(filled)

    seen, between, after = history(filled, task.task_id)[-3:]
    assert (seen.version.number, between.version, between.told.status) == (1, None, "completed")
    assert (after.version.number, after.told.status, after.gap) == (2, "validating", False)


def test_no_more_than_so_many_tasks_are_asked_for_at_a_time_the_latest_first(filled, sandbox, monkeypatch):
    monkeypatch.setattr(tela_versions, "TASKS_A_TURN", 2)
    changed = tasks_waiting(5)
    for task in changed:
        approve(sandbox, [task])
        pull(filled)

    keep(filled)
    keep(filled)

    assert asked_for(sandbox) == [str(task.task_id) for task in changed[:-3:-1]]


def test_an_api_without_versions_is_left_alone_for_an_hour(filled, sandbox, without_versions):
    first, second, third = tasks_waiting(3)
    approve(sandbox, [first, second])
    pull(filled)
    assert has_news(filled)

    keep(filled)
    approve(sandbox, [third])
    pull(filled)
    keep(filled)

    assert len(asked_for(sandbox)) == 1
    assert not has_news(filled)

    Bookmark.objects.update(versions_missing_at=timezone.now() - ASKED_AGAIN_AFTER - dt.timedelta(seconds=1))
    assert has_news(filled)
    keep(filled)
    assert len(asked_for(sandbox)) == 2


def test_a_task_deleted_meanwhile_says_nothing_about_the_others(filled, sandbox):
    deleted, other = tasks_waiting(2)
    approve(sandbox, [other, deleted])
    pull(filled)
    sandbox.world.delete(str(deleted.task_id))

    keep(filled)

    assert set(ToldVersion.objects.values_list("task_id", flat=True)) == {other.task_id}
    assert Bookmark.objects.get().versions_missing_at is None


def test_too_many_calls_are_waited_for_as_tela_asks(filled, sandbox):
    approve(sandbox, tasks_waiting(2))
    pull(filled)
    slept: list[float] = []
    sandbox.faults.retry_after_seconds = 7
    sandbox.faults.once("429", 2, path="/task/")

    with TelaClient(sandbox.url, sandbox.key, sleep=slept.append) as client:
        assert keep_histories(filled, client) > 0

    assert slept == [7.0, 7.0]
    assert len({*asked_for(sandbox)}) == 2


def test_what_was_told_before_tela_refused_is_kept_and_the_rest_asked_for_next_time(filled, sandbox):
    first, second = tasks_waiting(2)
    approve(sandbox, [second, first])
    pull(filled)
    with TelaClient(sandbox.url, sandbox.key, retries=0) as client:
        get_versions = client.get_versions

        def refuse_the_second(task_id):
            if ToldVersion.objects.exists():
                sandbox.faults.once("429", path="/task/")
            return get_versions(task_id)

        client.get_versions = refuse_the_second
        with pytest.raises(RateLimited):
            keep_histories(filled, client)

    assert len(set(ToldVersion.objects.values_list("task_id", flat=True))) == 1
    keep(filled)
    assert set(ToldVersion.objects.values_list("task_id", flat=True)) == {first.task_id, second.task_id}


def test_a_worker_that_is_stopped_asks_for_no_more(filled, sandbox):
    approve(sandbox, tasks_waiting(2))
    pull(filled)

    assert keep(filled, should_stop=lambda: True) == 0

    assert asked_for(sandbox) == []
    assert has_news(filled)


@pytest.fixture
def job(monkeypatch):
    """What a worker hands to a job that nobody stops."""
    # The connection is the test's own.
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    return Mock(should_abort=lambda: False)


def test_the_pull_job_puts_one_such_job_into_the_queue(filled, sandbox, job):
    first, second = tasks_waiting(2)
    approve(sandbox, [first])
    jobs.pull_workspace(job, filled.pk)
    approve(sandbox, [second])
    jobs.pull_workspace(job, filled.pk)

    (queued,) = ProcrastinateJob.objects.filter(task_name="told_versions")
    assert (queued.queue_name, queued.args) == ("news", {"workspace_id": filled.pk})
    jobs.told_versions(job, **queued.args)
    assert len(asked_for(sandbox)) == 2


def test_a_pull_that_brings_nothing_puts_none(filled, job):
    jobs.pull_workspace(job, filled.pk)

    assert not ProcrastinateJob.objects.filter(task_name="told_versions").exists()
