"""Task records as Tela would send them, for tests of the mirror and its pages."""

import datetime as dt
import json
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned
from telareview.tela import TaskRecord, decode

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
INVOICES = UUID("95cec438-6080-44fe-8275-28b16bd40178")


@cache
def task_id(number: int) -> UUID:
    return uuid5(UUID(int=0), f"task {number}")


def stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def task_json(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One task of the list, waiting for review, as JSON; `changes` by Tela's names."""
    created = NOON + dt.timedelta(minutes=number)
    content = {"cliente": "Acme Corp", "total": {"valor": 150000}, "itens": [{"descricao": "Frete"}]}
    return {
        "id": str(task_id(number)),
        "reference": number,
        "name": f"INV-{number:05d}.pdf",
        "status": "validating",
        "rawInput": {"variables": {"document": {"files": [{"file_url": "https://files.example/a.pdf"}]}}},
        "inputContent": {"variables": {}, "messages": [], "files": []},
        "outputContent": {"role": "assistant", "content": content},
        "originalOutputContent": {"role": "assistant", "content": content},
        "createdBy": "api@acme.example",
        "approvedBy": None,
        "approvedAt": None,
        "completionRunId": None,
        "workflowRunId": None,
        "sourceType": "prompt",
        "promptVersionId": "76065caa-c519-441a-8fe2-cc43e29664ab",
        "promptApplicationId": str(INVOICES),
        "workspaceId": "3f55cfd9-4427-4887-a181-d9ad39967802",
        "metadata": {"editedFields": []},
        "tags": [],
        "createdAt": stamp(created),
        "updatedAt": stamp(created),
        **changes,
    }


def approved(number: int, *paths: str, by: str = "ana.souza@acme.example", **changes: Any) -> dict[str, Any]:
    """The same task approved an hour later; with `paths`, after these fields were edited."""
    when = stamp(NOON + dt.timedelta(minutes=number, hours=1))
    edits = [{"path": path, "author": by, "editedAt": when, "previousValue": "?"} for path in paths]
    return task_json(
        number,
        **{
            "status": "completed",
            "approvedBy": by,
            "approvedAt": when,
            "updatedAt": when,
            "metadata": {"editedFields": edits},
            **changes,
        },
    )


def record(raw: dict[str, Any]) -> TaskRecord:
    """Through the wire, so that tests see what the client would."""
    return TaskRecord.from_json(decode(json.dumps(raw).encode()))


def mirrored(workspace: Any, *raws: dict[str, Any], at: dt.datetime | None = None) -> Recorded:
    """Put tasks into the mirror as one look at Tela."""
    look = Look(workspace, Learned.PULL, at or NOON + dt.timedelta(days=1))
    return record_tasks([record(raw) for raw in raws], look)
