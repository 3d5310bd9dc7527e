"""A workspace whose history was altered is loud, and it alone."""

import pytest

from telareview.ledger.alarm import figures
from telareview.ledger.models import SigningKey
from telareview.ledger.sealing import seal
from telareview.tasks.erasure import erase_tasks
from tests.ledger.history import as_owner
from tests.tasks.records import mirrored, task_id, task_json

pytestmark = pytest.mark.django_db

ALTERED = "no longer fits its signed checkpoints"


@pytest.fixture
def altered(acme, elsewhere):
    """Acme, whose newest leaf is gone."""
    mirrored(acme, task_json(1), task_json(2))
    mirrored(elsewhere, task_json(1))
    seal()
    with as_owner() as cursor:
        cursor.execute("DELETE FROM ledger_leaf WHERE workspace_id = %s AND index = 1", [acme.pk])
    return acme


def test_every_page_of_the_workspace_says_so(altered, viewer):
    for address in ("/tasks/", f"/tasks/{task_id(1)}/", "/sync/"):
        assert ALTERED in viewer.get(address).content.decode()


def test_the_seals_are_linked_for_those_who_may_see_them(altered, viewer, auditor):
    banner = '<a href="/history/seals/">Seals</a>'

    assert banner in auditor.get("/tasks/").content.decode()
    assert banner not in viewer.get("/tasks/").content.decode()
    assert ALTERED in auditor.get("/history/seals/").content.decode()


def test_other_workspaces_say_nothing(altered, outsider):
    assert ALTERED not in outsider.get("/tasks/").content.decode()


def test_a_key_that_cannot_be_read_is_told_as_such(acme, viewer):
    mirrored(acme, task_json(1))
    seal()
    SigningKey.objects.update(private_key_encrypted="of another SECRET_KEY")

    assert "the key that signs it cannot be read" in viewer.get("/tasks/").content.decode()


def test_a_workspace_that_was_never_sealed_is_not_loud(acme, viewer):
    mirrored(acme, task_json(1))

    assert "signed checkpoints" not in viewer.get("/tasks/").content.decode()


def test_the_figures_tell_which_one_and_how_long_it_waits(altered, elsewhere):
    mirrored(altered, task_json(3))
    with as_owner() as cursor:
        cursor.execute("UPDATE tasks_taskversion SET recorded_at = now() - interval '1 hour'")

    broken, waiting = figures()

    assert {sample.labels["workspace"]: sample.value for sample in broken.samples} == {"acme": 1, "elsewhere": 0}
    seconds = {sample.labels["workspace"]: sample.value for sample in waiting.samples}
    assert seconds["elsewhere"] == 0
    assert 3_599 < seconds["acme"] < 3_700


def test_they_stand_among_the_metrics(altered, client):
    assert 'telareview_seal_broken{workspace="acme"} 1.0' in client.get("/metrics").content.decode()


def test_something_can_still_be_erased_elsewhere(altered, elsewhere):
    assert erase_tasks(elsewhere, [task_id(1)], reason="asked for").number
