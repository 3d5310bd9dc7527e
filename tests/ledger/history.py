"""A small history with every kind of record, and the means to tamper with it."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pgtrigger
from django.db import connection, transaction

from telareview.tasks.mirror import Look, record_gone
from telareview.tasks.models import Learned
from telareview.tela import VersionRecord, decode
from tests.tasks.records import NOON, approved, mirrored, stamp, task_id, task_json


def acme_history(workspace: Any) -> None:
    """Tasks first seen, changed, approved and gone; names that try the canonical form."""
    day = NOON + dt.timedelta(days=1)
    mirrored(workspace, *(task_json(number) for number in range(1, 5)), at=day)
    mirrored(
        workspace,
        task_json(5, name='Größe "ß" \\ \t \u2028 😀 </script> \x00 \ud800', tags=["ção", "a|b", ""]),
        approved(1, "itens[0].descricao"),
        at=day + dt.timedelta(hours=1),
    )
    record_gone([task_id(2)], Look(workspace, Learned.SWEEP, day + dt.timedelta(hours=2), run_id=7))


def told_entry(version: int, **changes: Any) -> VersionRecord:
    raw = {
        "version": version,
        "name": "INV-00001.pdf",
        "status": "validating",
        "changedBy": "ana.souza@acme.example",
        "changedAt": stamp(NOON),
        "outputContent": {"role": "assistant", "content": {"total": version}},
        **changes,
    }
    return VersionRecord.from_json(decode(json.dumps(raw).encode()), task_id=task_id(1))


@contextmanager
def as_owner() -> Iterator[Any]:
    """A cursor for which no trigger refuses anything, as for whoever owns the database."""
    with transaction.atomic(), pgtrigger.ignore(), connection.cursor() as cursor:
        yield cursor
