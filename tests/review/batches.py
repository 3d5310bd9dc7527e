"""Batches made without a form, and what stands in Tela and in the mirror afterwards."""

import json
from collections import Counter
from typing import Any

from telareview.accounts.models import Person, Workspace
from telareview.review.drafts import start_batch
from telareview.review.marker import PREFIX, new_marker
from telareview.review.models import Batch, BatchRow
from telareview.sandbox import SandboxServer
from telareview.sandbox.apps import INVOICES
from tests.sync.tela import rows_of

FILE = {"file_url": "https://files.acme.example/a.pdf", "file_name": "a.pdf", "mime_type": "application/pdf"}


def make_batch(workspace: Workspace, person: Person, count: int = 1, **more: Any) -> Batch:
    """A batch of invoices; `variables` of each row from a function of its number."""
    variables = more.pop("variables", lambda number: {"document": FILE})
    batch = start_batch(workspace, person, more.pop("app_id", INVOICES.id), **more)
    BatchRow.objects.bulk_create(
        BatchRow(
            batch=batch,
            number=number,
            name=f"invoice-{number:05}.pdf",
            tags=["lote"],
            variables=json.dumps(variables(number)),
            state=BatchRow.State.WAITING,
            marker=new_marker(),
        )
        for number in range(1, count + 1)
    )
    return batch


def states(batch: Batch) -> Counter[str]:
    return Counter(batch.rows.values_list("state", flat=True))


def marked(sandbox: SandboxServer) -> Counter[str]:
    """How many tasks in Tela carry each of our marks."""
    return Counter(tag for row in rows_of(sandbox) for tag in row["tags"] if tag.startswith(PREFIX))
