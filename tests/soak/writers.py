"""`./run soak writers [--snapshots N]`: many writers bring snapshots of the same tasks in random order.

Whatever the order, each task must end at its newest state, and its versions must be numbered without gaps.
"""

import argparse
import datetime as dt
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned, Task, TaskVersion
from telareview.tela import TaskRecord
from tests.soak.convergence import doubled_versions
from tests.tasks.records import NOON, approved, record, stamp, task_id, task_json

SNAPSHOTS = 10_000
WRITERS = 8
STATES_OF_A_TASK = 20
#: A state that shares its stamp with the one before: then the look that began later saw the later state.
TWIN_SHARE = 0.1
#: Snapshots of different tasks that one look may bring.
MOST_IN_A_LOOK = 5


@dataclass(frozen=True)
class Snapshot:
    """One state of one task, and the look that saw it."""

    task: UUID
    record: TaskRecord
    observed_at: dt.datetime

    @property
    def age(self) -> tuple[dt.datetime, dt.datetime]:
        return self.record.updated_at, self.observed_at


def snapshots(count: int, seed: int) -> list[Snapshot]:
    """So many different states of `count` / 20 tasks, approved ones and such with one stamp among them."""
    dice = random.Random(seed)
    made = []
    for number in range(1, count // STATES_OF_A_TASK + 1):
        updated = NOON
        for state in range(STATES_OF_A_TASK):
            if state == 0 or dice.random() >= TWIN_SHARE:
                updated += dt.timedelta(minutes=1)
            raw = (approved if dice.random() < 0.3 else task_json)(
                number, name=f"{number} in state {state}", updatedAt=stamp(updated)
            )
            # The clock of the look says which of two twins came later, whatever its order of arrival.
            made.append(Snapshot(task_id(number), record(raw), NOON + dt.timedelta(days=1, seconds=state)))
    return made


def write_at_random(workspace: Workspace, seen: Sequence[Snapshot], writers: int, seed: int) -> list[Recorded]:
    """Put every snapshot into the mirror once, in random order, by so many threads with connections of their own."""
    dice = random.Random(seed)
    looks = _looks(seen, dice)
    dice.shuffle(looks)
    together = threading.Barrier(writers)

    def write(part: Sequence[Sequence[Snapshot]]) -> list[Recorded]:
        try:
            together.wait()
            return [
                record_tasks((each.record for each in look), Look(workspace, Learned.LIVE, look[0].observed_at))
                for look in part
            ]
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        parts = [looks[start::writers] for start in range(writers)]
        return [recorded for part in pool.map(write, parts) for recorded in part]


def _looks(seen: Sequence[Snapshot], dice: random.Random) -> list[list[Snapshot]]:
    """Snapshots in looks of one to five, each of other tasks at one moment."""
    by_moment: dict[dt.datetime, list[Snapshot]] = {}
    for each in seen:
        by_moment.setdefault(each.observed_at, []).append(each)
    looks = []
    for together in by_moment.values():
        dice.shuffle(together)
        while together:
            size = dice.randint(1, MOST_IN_A_LOOK)
            looks.append(together[:size])
            del together[:size]
    return looks


def wrong_in(workspace: Workspace, seen: Sequence[Snapshot]) -> list[str]:
    """Sentences about tasks that did not end at their newest state, and about versions that do not add up."""
    newest: dict[UUID, Snapshot] = {}
    for each in seen:
        if each.task not in newest or newest[each.task].age < each.age:
            newest[each.task] = each
    cards = {card.task_id: card for card in Task.objects.of(workspace).select_related("version__payload")}
    wrong = [
        f"{task} ended at {cards[task].name if task in cards else 'nothing'}, not at {each.record.name}"
        for task, each in newest.items()
        if task not in cards
        or cards[task].version.payload.text != each.record.canonical_json
        or cards[task].version_number != cards[task].version.number
    ]
    return wrong + [f"{task} has versions with gaps or doubles" for task in doubled_versions(workspace)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("./run soak writers", description="Snapshots in random order by many writers.")
    parser.add_argument("--snapshots", type=int, default=SNAPSHOTS, help="default: %(default)s")
    parser.add_argument("--writers", type=int, default=WRITERS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    options = parser.parse_args(arguments)
    workspace = Workspace.objects.create(slug=f"writers-{timezone.now():%H%M%S}", name="Writers")
    seen = snapshots(options.snapshots, options.seed)
    recorded = write_at_random(workspace, seen, options.writers, options.seed)
    wrong = wrong_in(workspace, seen)
    late = sum(len(each.older) for each in recorded)
    print(
        f"{len(seen):,} snapshots of {Task.objects.of(workspace).count():,} tasks in {len(recorded):,} looks by "
        f"{options.writers} writers: {late:,} came too late, "
        f"{TaskVersion.objects.of(workspace).count():,} versions, {len(wrong)} wrong."
    )
    for each in wrong[:20]:
        print(each)
    return 1 if wrong else 0
