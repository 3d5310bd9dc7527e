"""What an erasure takes from exports: every stored file of the workspace, and erased words in the log's filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from telareview.exports.models import ExportRecord
from telareview.exports.stored import forget_files
from telareview.tasks.erasure import forgetting

if TYPE_CHECKING:
    from telareview.accounts.models import Workspace
    from telareview.tasks.forgotten import Forgotten


@receiver(forgetting, dispatch_uid="exports")
def forget(workspace: Workspace, forgotten: Forgotten, **_kwargs: Any) -> dict[str, int]:
    """Take the files away when the erasure commits; any of them may hold the tasks, and can be made anew."""
    files, cleaned = forget_files(workspace), 0
    for record in ExportRecord.objects.filter(workspace=workspace).iterator(chunk_size=500):
        changes = {
            "query": forgotten.cleaned_query(record.query),
            "manifest": forgotten.cleaned(record.manifest),
            "plan": forgotten.cleaned(record.plan),
        }
        if any(getattr(record, name) != value for name, value in changes.items()):
            ExportRecord.objects.filter(pk=record.pk).update(**changes)
            cleaned += 1
    return {"stored exports": files, "export records": cleaned}
