"""Once Tela stands still, the mirror equals it: whatever moved, failed and lied before. More seeds: `./run soak`."""

import pytest

from tests.accounts.cast import make_workspace
from tests.soak.convergence import MOST_SWEEPS, converge
from tests.sync.faults import KINDS

SEEDS = (1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mirror_of_a_restless_tela_converges(acme, seed):
    outcome = converge(acme, seed, tasks=350, ties=120)

    assert outcome.as_wanted, f"seed {seed}: {outcome}"
    assert outcome.sweeps <= MOST_SWEEPS
    # It was a trial: nearly a third of the calls failed or lied, and the list moved between them.
    assert outcome.faults.total() > outcome.calls * 0.2
    assert set(outcome.faults) == set(KINDS)
    assert outcome.changes > outcome.calls * 2
    assert outcome.late > outcome.changes * 0.03
    assert outcome.bulks


@pytest.mark.django_db(transaction=True)
def test_it_converges_with_several_connections():
    outcome = converge(make_workspace("acme"), 4, tasks=350, ties=120, connections=4)

    assert outcome.as_wanted, f"seed 4: {outcome}"
