"""`kill -9` of a worker that writes neither loses nor repeats. Many kills: `./run soak killed_writers`."""

import pytest

from telareview.review.models import OutgoingAction
from telareview.sandbox import SandboxServer
from tests.soak.killed_writers import Writers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writers(settings, tmp_path):
    settings.TELA_ALLOW_WRITES = True
    with SandboxServer(tasks=0, calm=True, run_seconds=0.1) as sandbox:
        yield Writers(sandbox, tmp_path)


def test_a_batch_whose_worker_is_killed_goes_on_by_itself_and_makes_each_task_once(writers):
    batch = writers.ask_for_tasks(900)

    writers.kill_after(calls=2, nap=0.01)
    writers.kill_after(calls=2, nap=0.03)
    writers.finish()
    writers.settle()

    assert writers.kills == 2
    assert writers.wrong_creations(batch) == []
    assert writers.wrong_records() == []


def test_a_bulk_approval_whose_worker_is_killed_goes_on_by_itself_and_approves_each_once(writers):
    bulk = writers.ask_for_approvals(40)

    writers.kill_after(calls=15, nap=0.01)
    writers.finish()

    assert writers.kills == 1
    assert writers.wrong_approvals(bulk) == []
    assert writers.wrong_records() == []
    assert OutgoingAction.objects.filter(outcome="done").exists()
