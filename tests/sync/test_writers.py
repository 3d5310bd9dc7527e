"""Whatever the order in which writers bring snapshots of a task, the newest one wins."""

import pytest

from tests.accounts.cast import make_workspace
from tests.soak.writers import WRITERS, snapshots, write_at_random, wrong_in


@pytest.mark.django_db(transaction=True)
def test_of_800_snapshots_by_eight_writers_the_newest_win():
    acme = make_workspace("acme")
    seen = snapshots(800, seed=7)

    recorded = write_at_random(acme, seen, WRITERS, seed=7)

    assert wrong_in(acme, seen) == []
    # The order was no order: some snapshots came after newer ones.
    assert sum(len(each.older) for each in recorded) > 100
    assert sum(len(each.new) for each in recorded) == 40
