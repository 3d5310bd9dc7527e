"""What an erasure takes from what was sent to Tela, from batches and from bulk approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.dispatch import receiver

from telareview.review.models import BatchFile, BatchRow, BulkReview, BulkTask, OutgoingAction
from telareview.tasks.erasure import forgetting

if TYPE_CHECKING:
    from telareview.accounts.models import Workspace
    from telareview.tasks.forgotten import Forgotten


@receiver(forgetting, dispatch_uid="review")
def forget(workspace: Workspace, forgotten: Forgotten, **_kwargs: Any) -> dict[str, int]:
    """Blank what was sent about these tasks, and what they were made from; how many there were."""
    ids = list(forgotten.task_ids)
    rows = BatchRow.objects.filter(batch__workspace=workspace, task_id__in=ids)
    files = BatchFile.objects.filter(row__in=rows).update(name="", content=None, sha256="")
    # One action may have made several tasks: their inputs stand in one body.
    actions = OutgoingAction.objects.filter(Q(task_id__in=ids) | Q(made_task_ids__overlap=ids), workspace=workspace)
    selected = BulkTask.objects.filter(bulk__workspace=workspace, task_id__in=ids)
    return {
        "actions sent to Tela": actions.update(body="null", answer=""),
        "rows of batches": rows.update(name="", tags=[], variables="{}", problems=[], error=""),
        "files of batches": files,
        "tasks of bulk approvals": selected.update(name="", detail="", words={}),
        "filters of bulk approvals": _clean_queries(workspace, forgotten),
    }


def _clean_queries(workspace: Workspace, forgotten: Forgotten) -> int:
    cleaned = 0
    for bulk in BulkReview.objects.filter(workspace=workspace).exclude(query="").iterator(chunk_size=500):
        query = forgotten.cleaned_query(bulk.query)
        if query != bulk.query:
            cleaned += BulkReview.objects.filter(pk=bulk.pk).update(query=query)
    return cleaned
