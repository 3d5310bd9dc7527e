"""`./run soak tampering [--places N]`: every kind of tampering at so many random places of a history.

Done as the owner of the database with all triggers off, half of them made to agree again with true signatures. Each
must be found, and located, by `verify_history` and by the stand-alone verifier over an exported record, given the
checkpoints that left the house before.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telareview.accounts.models import Workspace
from telareview.ledger import sealing
from telareview.ledger.checking import Outside, check
from tests.ledger.history import acme_history
from tests.ledger.tampering import KINDS, Tamperer, undone
from tests.ledger.witness import notes_of, problems, record_of
from tests.tasks.records import NOON, approved, mirrored, task_json

PLACES = 100
TASKS = 150
#: Leaves from one checkpoint to the next.
ROUND = 50


def history(workspace: Any) -> None:
    """Some hundred versions: new, changed, approved, gone."""
    acme_history(workspace)
    mirrored(workspace, *(task_json(number) for number in range(10, TASKS)), at=NOON)
    mirrored(workspace, *(approved(number, "total.valor") for number in range(10, TASKS, 2)), at=NOON)
    sealing.ROUND = ROUND
    sealing.seal()


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("./run soak tampering")
    parser.add_argument("--places", type=int, default=PLACES, help="of each kind; default: %(default)s")
    options = parser.parse_args(words)
    workspace = Workspace.objects.create(slug="acme", name="Acme")
    history(workspace)
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.txt"
        kept.write_text(notes_of(workspace))
        if check(workspace, [Outside("kept.txt", kept.read_text())]).problems:
            raise RuntimeError("The untouched history is not whole.")
        for kind in KINDS:
            began, counts = time.monotonic(), Counter[str]()
            for place in range(options.places):
                found = attempt(workspace, kind, place, kept)
                counts.update(found)
                missed += [f"{kind} {place}: not {each}" for each in sorted(EVERY - found)]
            told = ", ".join(f"{counts[each]} {each}" for each in sorted(EVERY))
            print(f"{kind:36} {options.places}: {told} ({time.monotonic() - began:.0f} s)", flush=True)
    print("\n".join(missed))
    return 1 if missed else 0


#: What must be said of each attempt.
EVERY = frozenset({"found here", "located here", "found offline", "located offline"})


def attempt(workspace: Any, kind: str, place: int, kept: Path) -> set[str]:
    """One tampering, undone in the end."""
    with undone(), tempfile.TemporaryDirectory() as folder:
        tamperer = Tamperer(workspace, random.Random(f"{kind} {place}"))
        leaf = KINDS[kind](tamperer)
        if place % 2:
            tamperer.seal_anew()
        here = [(each.index, each.last) for each in check(workspace, [Outside("kept", kept.read_text())]).problems]
        offline = [
            (first, last) for first, last, _said in problems(record_of(workspace, Path(folder) / "record"), [kept])
        ]
    told = {("here", found) for found in here} | {("offline", found) for found in offline}
    return {f"found {where}" for where, _found in told} | {
        f"located {where}" for where, (first, last) in told if first == leaf or (first <= leaf <= last < first + ROUND)
    }
