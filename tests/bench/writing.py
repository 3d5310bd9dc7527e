"""What pages of changed and of new tasks cost to mirror, and which part of it what is derived: prints JSON.

DATABASE_URL names a seeded mirror; everything is taken back in the end. No call is made: this is the part of a pull
that comes after Tela has answered.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.db import transaction  # noqa: E402 - needs the settings that setup() reads
from django.utils import timezone  # noqa: E402

from telareview.tasks import rows  # noqa: E402
from telareview.tasks.mirror import Look, record_tasks  # noqa: E402
from telareview.tasks.models import Learned, Payload, Task  # noqa: E402
from telareview.tela import TaskRecord, decode  # noqa: E402

PAGES = 60
PAGE_ROWS = 100
#: What is written beside versions, payloads and cards, by the name of the function that does it.
DERIVED = {
    "lay_down_cards": "former cards",
    "widen_horizon": "horizon",
    "note_doers": "doers",
    "note_first_doers": "doers",
}

spent: Counter[str] = Counter()


def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any) -> None:
        began = time.perf_counter()
        work(*arguments)
        spent[name] += time.perf_counter() - began  # type: ignore[assignment]

    return run


def main() -> None:
    for function, name in DERIVED.items():
        setattr(rows, function, timed(name, getattr(rows, function)))
    cards = Task.objects.filter(gone_at__isnull=True, erasure__isnull=True).order_by("-updated_at")
    ids = list(cards.values_list("version_id", flat=True)[: PAGES * PAGE_ROWS])
    texts = list(Payload.objects.filter(pk__in=ids).values_list("text", flat=True))
    workspace = cards[0].workspace
    now = timezone.now()
    stamp = f"{now:%Y-%m-%dT%H:%M:%S}.000Z"
    found = {}
    for name in ("changed", "new"):
        changes = {"updatedAt": stamp, "tags": ["measured"]}
        whole = [
            TaskRecord.from_json(
                {**decode(text.encode()), **changes, **({"id": str(uuid4())} if name == "new" else {})}
            )
            for text in texts
        ]
        spent.clear()
        with transaction.atomic():
            began = time.perf_counter()
            for start in range(0, len(whole), PAGE_ROWS):
                told = record_tasks(whole[start : start + PAGE_ROWS], Look(workspace, Learned.PULL, now))
                assert len(getattr(told, name)) == len(whole[start : start + PAGE_ROWS])
            seconds = time.perf_counter() - began
            transaction.set_rollback(True)
        found[name] = {"tasks": len(whole), "seconds": seconds, **{each: spent[each] for each in DERIVED.values()}}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
