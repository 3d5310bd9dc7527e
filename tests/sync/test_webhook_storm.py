"""A thousand calls of every kind at once. `./run bench webhooks` sends ten thousand."""

import pytest

from telareview.sandbox import SandboxServer
from telareview.sync.connection import tela_client
from telareview.sync.pull import pull_tasks
from tests.sync.webhook_calls import SECRET
from tests.sync.webhook_storm import Storm

pytestmark = pytest.mark.django_db

CALLS, SEED = 1_000, 20261123


def test_a_storm_of_calls_changes_nothing_that_tela_did_not_confirm(acme, caplog):
    with SandboxServer(tasks=80, seed=4) as sandbox, SandboxServer(tasks=20, seed=99) as theirs:
        acme.api_url = sandbox.url
        acme.set_api_key(sandbox.key)
        acme.set_webhook_secret(SECRET)
        acme.save()
        with tela_client(acme) as client:
            pull_tasks(acme, client, connections=1)
        foreign = [task_id for task_id in theirs.world.ids() if sandbox.world.live(task_id) is None]

        report = Storm(acme, sandbox, foreign, SEED).rage(CALLS)

        assert theirs.requests == []
    assert report.wrongs == [], report.wrongs[:5]
    assert report.calls >= CALLS
    assert set(report.statuses) >= {200, 202, 400, 401, 404, 405, 413, 415}
    # The storm has teeth: honest news did come through, and every kind of call was made.
    assert report.changes_by_webhook > 50
    assert len(report.kinds) == 11
