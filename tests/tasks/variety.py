"""Forty tasks of every kind, as Tela would send them: ties, empty cells, hostile names, several people and apps."""

import datetime as dt
from typing import Any
from uuid import UUID

from tests.tasks.hostile import TEXTS
from tests.tasks.records import INVOICES, NOON, approved, stamp, task_id, task_json

ANA, BRUNO, CARLA = "ana.souza@acme.example", "bruno.lima@acme.example", "carla@acme.example"
CONTRACTS = UUID("11111111-2222-4333-8444-555555555555")
TASKS = 40

#: Query strings that between them use every criterion and order; each finds some of the tasks and not all.
QUERIES = (
    "status=completed",
    "status=failed&status=created",
    f"approvedBy={ANA}&approvedBy={BRUNO}",
    f"approvedBy={ANA}&revisionProcess=approvedWithRevisions&orderBy=approvedAt",
    "createdBy=maria@acme.example&orderBy=name&order=asc",
    "revisionProcess=approvedDirectly&orderBy=reference",
    f"promptApplicationId={CONTRACTS}&orderBy=approvedBy&order=asc",
    f"ids={task_id(3)}&ids={task_id(17)}&orderBy=id",
    "taskName=inv&orderBy=createdAt&order=asc",
    "tags=urgent&orderBy=createdBy",
    "editedField=total.valor&orderBy=status&order=asc",
    "approvedAtSince=2026-03-01&approvedAtUntil=2026-03-01&orderBy=approvedAt&order=asc",
    "createdAtSince=2026-03-01T12:10:00Z&createdAtUntil=2026-03-01T12:20:00Z",
    "updatedAtUntil=2026-03-01T13:10:00Z&orderBy=updatedAt&order=asc",
    "output.total.valor__gte=1000",
    "output.cliente__contains=corp&output.total.valor__lte=500",
    "q=%2312",
    "q=pdf&orderBy=name",
)


def varied(number: int) -> dict[str, Any]:
    """The task of that number, always the same."""
    # Four at a time share their stamps, so that every order by time has ties.
    created = NOON + dt.timedelta(minutes=number // 4 * 2)
    when = stamp(created + dt.timedelta(hours=1))
    content = {
        "cliente": ("Acme Corp", "Beta Ltda", TEXTS[number % len(TEXTS)])[number % 3],
        "total": {"valor": number * 50},
    }
    facts: dict[str, Any] = {
        "createdAt": stamp(created),
        "updatedAt": stamp(created + dt.timedelta(minutes=number % 3)),
        "createdBy": (None, "maria@acme.example", "api@acme.example")[number % 3],
        "reference": None if number % 11 == 0 else number // 2,
        "tags": [[], ["urgent"], ["urgent", "a|b"], [""]][number % 4],
        "promptApplicationId": str(INVOICES if number % 2 else CONTRACTS),
        "outputContent": {"role": "assistant", "content": content},
        "originalOutputContent": {"role": "assistant", "content": content},
    }
    if number % 5 == 0:
        facts["name"] = (None, "", *TEXTS)[number // 5 % (len(TEXTS) + 2)]
    if number % 4 == 1:
        return task_json(number, **facts, status=("failed", "created", "validating")[number % 3])
    edits = ("cliente", "total.valor") if number % 3 == 0 else ()
    facts |= {"updatedAt": when, "approvedAt": when}
    return approved(number, *edits, by=(ANA, BRUNO, CARLA)[number % 3], **facts)


def variety() -> list[dict[str, Any]]:
    return [varied(number) for number in range(1, TASKS + 1)]
