"""What fails in one workspace keeps no other one from its turn, in whichever job that comes round."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection

from telareview.accounts.models import Workspace
from telareview.sandbox import SandboxServer
from telareview.sync import jobs
from telareview.sync.models import AbsentTask
from telareview.tasks import retention
from telareview.tasks.models import Retention, Task
from tests.accounts.cast import make_workspace
from tests.sync.tela import NOW, connect
from tests.tasks.records import NOON, mirrored, task_id, task_json

pytestmark = pytest.mark.django_db(transaction=True)

CONTEXT: Any = SimpleNamespace(should_abort=lambda: False)


@pytest.fixture
def sandbox():
    with SandboxServer(tasks=30, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def ailing(sandbox):
    """The first in line."""
    return connect(make_workspace("ailing"), sandbox)


@pytest.fixture
def sound(ailing, sandbox):
    return connect(make_workspace("sound"), sandbox)


def unreadable(workspace):
    Workspace.objects.filter(pk=workspace.pk).update(api_key_encrypted="of another SECRET_KEY")


def fails_for(monkeypatch, name, workspace):
    """What a job calls fails for one workspace as a database does whose disk is full."""
    real = getattr(jobs, name)

    def perhaps(one, *args, **options):
        if one == workspace:
            with connection.cursor() as cursor:
                cursor.execute("SELECT no_such_function()")
        return real(one, *args, **options)

    monkeypatch.setattr(jobs, name, perhaps)


def test_the_pull_goes_on_with_the_others(ailing, sound, monkeypatch, caplog):
    fails_for(monkeypatch, "pull_tasks", ailing)

    with caplog.at_level(logging.ERROR):
        jobs.pull_every_workspace(CONTEXT, 0)

    assert Task.objects.of(sound).exists()
    assert not Task.objects.of(ailing).exists()
    assert f"failed in workspace {ailing.pk}" in caplog.text


def test_the_pull_goes_on_where_a_key_cannot_be_read(ailing, sound, caplog):
    unreadable(ailing)

    with caplog.at_level(logging.WARNING):
        jobs.pull_every_workspace(CONTEXT, 0)

    assert Task.objects.of(sound).exists()
    assert "SECRET_KEY has changed" in caplog.text


@pytest.mark.parametrize(
    ("job", "calls"),
    [
        (lambda: jobs.sweep_every_workspace(CONTEXT, 0), "sweep_tasks"),
        (lambda: jobs.reconcile_every_workspace(CONTEXT, 0), "reconcile_tasks"),
        (lambda: jobs.refresh_unfinished_everywhere(0), "refresh_unfinished"),
    ],
)
def test_every_job_that_comes_round_goes_on_with_the_others(ailing, sound, job, calls, monkeypatch):
    jobs.pull_every_workspace(CONTEXT, 0)
    reached = []
    real = getattr(jobs, calls)
    monkeypatch.setattr(
        jobs, calls, lambda one, *args, **options: (reached.append(one), real(one, *args, **options))[1]
    )
    fails_for(monkeypatch, calls, ailing)

    job()

    assert reached == [sound]


def test_absences_are_confirmed_though_a_key_is_gone(ailing, sound, monkeypatch):
    for workspace in (ailing, sound):
        mirrored(workspace, task_json(1))
        AbsentTask.objects.create(workspace=workspace, task_id=task_id(1), first_absent_at=NOON, last_asked_at=NOON)
    Workspace.objects.filter(pk=ailing.pk).update(api_key_encrypted="")
    asked = []
    monkeypatch.setattr(jobs, "confirm_absent", lambda workspace, *_args: asked.append(workspace))

    jobs.confirm_absences(0)

    assert asked == [sound]


def test_payloads_past_their_time_go_elsewhere_though_one_workspace_fails(ailing, sound, monkeypatch):
    for workspace in (ailing, sound):
        Retention.objects.create(workspace=workspace, payload_days=90)
    done = []

    def apply(workspace):
        if workspace == ailing:
            raise DatabaseError("no space left on device")
        done.append(workspace)
        return retention.apply_retention(workspace)

    monkeypatch.setattr(jobs, "apply_retention", apply)

    jobs.apply_retention_everywhere(0)

    assert done == [sound]
