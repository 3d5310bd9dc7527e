"""The sweep finds what the incremental walk cannot: unbumped changes, losses and deletions; and guesses nothing."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from telareview.sandbox import SandboxServer
from telareview.sync.connection import tela_client
from telareview.sync.gone import APART, confirm_absent
from telareview.sync.models import AbsentTask, DriftFinding, SyncRun
from telareview.sync.pull import pull_tasks, sweep_tasks
from telareview.tasks.models import Kind, Task, TaskVersion
from telareview.tela import TimedOut

pytestmark = pytest.mark.django_db

LATER = APART + dt.timedelta(seconds=1)


@pytest.fixture
def sandbox():
    with SandboxServer(tasks=240, seed=3) as server:
        yield server


@pytest.fixture
def filled(acme, sandbox):
    acme.api_url = sandbox.url
    acme.set_api_key(sandbox.key)
    acme.save()
    with tela_client(acme) as client:
        assert pull_tasks(acme, client, connections=1).outcome == SyncRun.Outcome.COMPLETE
    return acme


def sweep(workspace, **options):
    with tela_client(workspace) as client:
        return sweep_tasks(workspace, client, **options)


def confirm(workspace, *, later=LATER):
    with tela_client(workspace) as client:
        return confirm_absent(workspace, client, None, now=timezone.now() + later)


def delete_some(sandbox, count):
    # The oldest: a task of the last two minutes is not missed yet.
    chosen = [str(each) for each in Task.objects.order_by("created_at").values_list("task_id", flat=True)[:count]]
    for task_id in chosen:
        sandbox.world.delete(task_id)
    return chosen


def test_a_sweep_over_a_whole_mirror_finds_nothing(filled):
    versions = TaskVersion.objects.count()

    run, differences = sweep(filled)

    assert (run.outcome, differences, run.fetched) == (SyncRun.Outcome.COMPLETE, 0, 240)
    assert TaskVersion.objects.count() == versions


def test_what_the_mirror_lost_or_holds_wrongly_is_found_and_mended(filled):
    lost, wrong = Task.objects.order_by("task_id")[:2]
    Task.objects.filter(pk=lost.pk).update(gone_at=timezone.now())
    Task.objects.filter(pk=wrong.pk).update(status="running", content_hash=b"x" * 32)

    run, differences = sweep(filled)

    assert differences == 2
    assert dict(run.findings.values_list("task_id", "kind")) == {
        lost.task_id: DriftFinding.Kind.MISSING_HERE,
        wrong.task_id: DriftFinding.Kind.DIFFERING,
    }
    assert Task.objects.get(pk=lost.pk).gone_at is None
    assert Task.objects.get(pk=wrong.pk).status == wrong.status
    assert sweep(filled)[1] == 0


def test_a_deleted_task_is_gone_only_after_two_404s_apart_in_time(filled, sandbox):
    (deleted,) = delete_some(sandbox, 1)

    sweep(filled)
    assert str(AbsentTask.objects.get().task_id) == deleted
    assert Task.objects.filter(gone_at=None).count() == 240

    assert confirm(filled, later=APART / 2) == 0
    assert confirm(filled) == 1

    card = Task.objects.get(task_id=deleted)
    assert card.gone_at is not None
    assert card.version.kind == Kind.GONE
    assert not AbsentTask.objects.exists()


def test_a_task_that_comes_back_has_returned(filled, sandbox):
    (deleted,) = delete_some(sandbox, 1)
    sweep(filled)
    confirm(filled)

    sandbox.world.restore(deleted)
    sweep(filled)

    card = Task.objects.get(task_id=deleted)
    assert card.gone_at is None
    assert card.version.kind == Kind.RETURNED


def test_a_task_that_answers_the_second_time_is_not_gone(filled, sandbox):
    (deleted,) = delete_some(sandbox, 1)
    sweep(filled)
    sandbox.world.restore(deleted)

    assert confirm(filled) == 0
    assert not AbsentTask.objects.exists()
    assert Task.objects.filter(gone_at=None).count() == 240


def test_what_was_answered_before_an_error_holds(filled, sandbox, monkeypatch):
    delete_some(sandbox, 3)

    with tela_client(filled) as client:
        fail_after(client, 2, monkeypatch)
        run, _differences = sweep_tasks(filled, client)
    assert (run.error_code, AbsentTask.objects.count()) == (TimedOut.code, 2)

    sweep(filled)
    with tela_client(filled) as client:
        # The first of them and its witness.
        fail_after(client, 2, monkeypatch)
        with pytest.raises(TimedOut):
            confirm_absent(filled, client, None, now=timezone.now() + LATER)
    assert Task.objects.exclude(gone_at=None).count() == 1
    assert confirm(filled) == 2


def fail_after(client, calls, monkeypatch):
    """Let so many calls for one task be answered, and no more."""
    get_task, left = client.get_task, iter(range(calls))

    def failing(task_id):
        if next(left, None) is None:
            raise TimedOut
        return get_task(task_id)

    monkeypatch.setattr(client, "get_task", failing)


def test_too_many_vanished_tasks_stop_the_sweep_and_mark_nothing(filled, sandbox):
    delete_some(sandbox, 30)

    run, _differences = sweep(filled)

    assert run.outcome == SyncRun.Outcome.INCOMPLETE
    assert run.error_code == "too_many_vanished"
    assert "30 of 240" in run.error
    assert not AbsentTask.objects.exists()


def test_a_person_who_has_looked_may_believe_it(filled, sandbox):
    delete_some(sandbox, 30)

    run, _differences = sweep(filled, many_gone=True)

    assert run.outcome == SyncRun.Outcome.COMPLETE
    assert AbsentTask.objects.count() == 30
    assert confirm(filled) == 30


def test_lost_access_to_everything_marks_nothing(filled, sandbox):
    delete_some(sandbox, 240)

    run, _differences = sweep(filled, many_gone=True)

    assert run.outcome == SyncRun.Outcome.COMPLETE
    assert confirm(filled) == 0
    assert Task.objects.filter(gone_at=None).count() == 240


def test_drift_is_listed_without_mending_and_exits_with_1(filled):
    wrong = Task.objects.order_by("task_id")[0]
    Task.objects.filter(pk=wrong.pk).update(status="running")
    out = StringIO()

    with pytest.raises(SystemExit) as stop:
        call_command("check_drift", "--workspace", "acme", "--json", stdout=out)

    told = json.loads(out.getvalue().splitlines()[-1])
    assert stop.value.code == 1
    assert told["differences"] == 1
    assert told["findings"] == [
        {
            "task_id": str(wrong.task_id),
            "name": wrong.name,
            "kind": "differing",
            "fields": ["status"],
            "link": f"/tasks/{wrong.task_id}/",
        }
    ]
    assert Task.objects.get(pk=wrong.pk).status == "running"


def test_drift_is_told_with_the_link_of_each_task_that_has_a_page(filled, settings):
    settings.HTTPS, settings.ALLOWED_HOSTS = True, ["review.acme.example"]
    wrong, unknown = Task.objects.order_by("task_id")[:2]
    Task.objects.filter(pk=wrong.pk).update(status="running")
    unknown.delete()
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("check_drift", "--workspace", "acme", stdout=out)

    assert f"differing  https://review.acme.example/tasks/{wrong.task_id}/  {wrong.name} (status)" in out.getvalue()
    assert f"missing_here  {unknown.task_id}  {unknown.name}" in out.getvalue()


def test_no_drift_exits_with_0(filled):
    out = StringIO()

    call_command("check_drift", "--workspace", "acme", stdout=out)

    assert "240 tasks compared, 0 differ." in out.getvalue()
