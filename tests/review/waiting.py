"""Tasks that wait for review, in Tela and in the mirror."""

import datetime as dt
from typing import Any
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.sandbox import SandboxServer
from telareview.sandbox.apps import INVOICES
from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Learned
from telareview.tela import TaskRecord, TelaClient, WritingClient
from telareview.tela.writing import MOST_AT_ONCE

CONTENT = {"cliente": "Acme Corp", "total": {"valor": 150000}, "itens": [{"descricao": "Frete", "valor": 10}]}


def waiting(workspace: Workspace, sandbox: SandboxServer, *contents: Any) -> list[TaskRecord]:
    """One task for each output, in the order given."""
    wanted = [
        {"promptApplicationId": INVOICES.id, "name": f"NF-{number:04d}.pdf", "outputContent": content}
        for number, content in enumerate(contents or (CONTENT,), start=1)
    ]
    made: list[TaskRecord] = []
    with WritingClient(sandbox.url, sandbox.key, allowed=True) as client:
        for start in range(0, len(wanted), MOST_AT_ONCE):
            made += client.create_tasks(wanted[start : start + MOST_AT_ONCE])
    record_tasks(made, Look(workspace, Learned.PULL, dt.datetime.now(dt.UTC)))
    return made


def in_tela(sandbox: SandboxServer, task_id: UUID) -> TaskRecord:
    with TelaClient(sandbox.url, sandbox.key) as client:
        return client.get_task(task_id)


def writes(sandbox: SandboxServer) -> list[str]:
    """The verbs other than GET that reached Tela, from the last clearing on."""
    return [request.method for request in sandbox.requests if request.method != "GET"]
