"""Whoever owns the database cannot change history unseen, by us and by a stranger alike."""

import random

import pytest

from telareview.ledger.checking import Outside, check
from telareview.ledger.sealing import seal
from tests.ledger.history import acme_history
from tests.ledger.tampering import KINDS, Tamperer, undone
from tests.ledger.witness import notes_of, problems, record_of
from tests.tasks.records import NOON, mirrored, task_json

pytestmark = pytest.mark.django_db

#: Each kind at so many random places, as it is and made to agree again; `./run soak tampering` tries a hundred.
PLACES = 3
#: Leaves from one checkpoint to the next: as near as a change can be told that was made to agree again.
ROUND = 4


@pytest.fixture
def sealed(acme, monkeypatch):
    monkeypatch.setattr("telareview.ledger.sealing.ROUND", ROUND)
    acme_history(acme)
    mirrored(acme, *(task_json(number, tags=["late"]) for number in range(1, 8)), at=NOON)
    seal()
    return acme


def test_an_untouched_history_is_whole(sealed, tmp_path):
    outside = tmp_path / "kept.txt"
    outside.write_text(notes_of(sealed))

    assert check(sealed, [Outside("kept.txt", outside.read_text())]).problems == []
    assert problems(record_of(sealed, tmp_path / "record"), [outside]) == []


@pytest.mark.parametrize("clever", [False, True], ids=["as it is", "made to agree again"])
@pytest.mark.parametrize("kind", KINDS)
def test_tampering_is_found_and_located(sealed, kind, clever, tmp_path):
    outside = tmp_path / "kept.txt"
    outside.write_text(notes_of(sealed))
    for seed in range(PLACES):
        with undone():
            tamperer = Tamperer(sealed, random.Random(f"{kind} {seed}"))
            leaf = KINDS[kind](tamperer)
            if clever:
                tamperer.seal_anew()

            ours = check(sealed, [Outside("kept.txt", outside.read_text())]).problems
            theirs = problems(record_of(sealed, tmp_path / f"{seed}"), [outside])

        assert located(leaf, [(each.index, each.last) for each in ours]), (leaf, ours)
        assert located(leaf, [(first, last) for first, last, _sentence in theirs]), (leaf, theirs)


def located(leaf: int, found: list[tuple[int, int]]) -> bool:
    """Exactly, or between two checkpoints."""
    return any(first == leaf or (first <= leaf <= last < first + ROUND) for first, last in found)


def test_what_was_made_to_agree_again_agrees_with_itself(sealed):
    """Why checkpoints have to leave the house."""
    tamperer = Tamperer(sealed, random.Random(1))
    tamperer.task_rewritten()

    assert check(sealed).whole
