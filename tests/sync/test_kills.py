"""`kill -9` at any moment loses and repeats nothing. Fifty kills over 100,000 tasks: `./run soak kills`."""

import random

import pytest

from telareview.sandbox import SandboxServer
from telareview.sync.walk import PAGE_ROWS
from tests.soak.kills import WORKER, WORLD_ENDS, Trial

pytestmark = pytest.mark.django_db(transaction=True)

TASKS = 3_000


@pytest.fixture
def sandbox():
    with SandboxServer(tasks=TASKS, seed=7, now=WORLD_ENDS) as server:
        yield server


def test_a_first_fill_killed_at_random_moments_ends_whole(sandbox, tmp_path):
    dice = random.Random(3)
    trial = Trial(sandbox, tmp_path)

    for _ in range(2):
        trial.kill_after(calls=dice.randint(4, 16), nap=dice.uniform(0, 0.05))
    trial.finish()

    assert trial.kills == 2
    assert trial.wrong == []
    assert trial.differences() == []
    assert max(trial.read_again()) <= PAGE_ROWS


def test_a_worker_killed_in_the_middle_of_a_pull_is_replaced_by_the_next(sandbox, tmp_path):
    trial = Trial(sandbox, tmp_path, WORKER)

    trial.kill_after(calls=12, nap=0.02)
    trial.finish()

    assert trial.kills == 1
    assert trial.wrong == []
    assert trial.differences() == []
