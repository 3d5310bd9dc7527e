"""Seals what a database holds from the first record on, and says how long it took. Run by `seal.py`."""

import json
import time

import django

django.setup()

import pgtrigger  # noqa: E402 - Django first
from django.db import connection  # noqa: E402

from telareview.ledger.sealing import seal  # noqa: E402

IDLE_LOOKS = 20


def main() -> None:
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_leaf")
        cursor.execute("DELETE FROM ledger_checkpoint")
    began = time.perf_counter()
    sealed = seal()
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(IDLE_LOOKS):
        seal()
    idle = (time.perf_counter() - began) / IDLE_LOOKS
    told = {"leaves": sealed.leaves, "checkpoints": sealed.checkpoints, "seconds": seconds, "idle_seconds": idle}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
