"""What an erasure takes from exports: every stored file of the workspace, and erased words in the log's filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.dispatch import receiver

from telareview.exports.models import ExportRecord
from telareview.exports.spool import spool_folder
from telareview.tasks.erasure import forgetting

if TYPE_CHECKING:
    from telareview.accounts.models import Workspace
    from telareview.tasks.forgotten import Forgotten


@receiver(forgetting, dispatch_uid="exports")
def forget(workspace: Workspace, forgotten: Forgotten, **_kwargs: Any) -> dict[str, int]:
    """Take the files away when the erasure commits; any of them may hold the tasks, and can be made anew."""
    transaction.on_commit(_empty_spool)
    cleaned = 0
    for record in ExportRecord.objects.filter(workspace=workspace).iterator(chunk_size=500):
        changes = {
            "query": forgotten.cleaned_query(record.query),
            "manifest": forgotten.cleaned(record.manifest),
            "columns": record.columns,
        }
        if any(getattr(record, name) != value for name, value in changes.items()):
            ExportRecord.objects.filter(pk=record.pk).update(**changes)
            cleaned += 1
    return {"export records": cleaned}


def _empty_spool() -> None:
    for file in spool_folder().glob("*.csv"):
        file.unlink(missing_ok=True)
