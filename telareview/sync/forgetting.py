"""What an erasure takes from the books of the sync: calls' bodies, quarantined rows, names in drift reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.dispatch import receiver

from telareview.sync.models import Delivery, DriftFinding, QuarantinedRow
from telareview.tasks.erasure import forgetting

if TYPE_CHECKING:
    from telareview.accounts.models import Workspace
    from telareview.tasks.forgotten import Forgotten


@receiver(forgetting, dispatch_uid="sync")
def forget(workspace: Workspace, forgotten: Forgotten, **_kwargs: Any) -> dict[str, int]:
    """Empty or delete what tells something of these tasks; how much there was."""
    ids = [str(task_id) for task_id in forgotten.task_ids]
    named = Q(task_id__in=forgotten.task_ids) | Q(completion_run_id__in=forgotten.run_ids)
    for each in ids:
        named |= Q(body__icontains=each)
    calls = Delivery.objects.filter(named, workspace=workspace).exclude(body="").update(body="", error="")
    rows = Q(task_id__in=ids)
    for each in ids:
        rows |= Q(raw_json__icontains=each)
    quarantined, _by_model = QuarantinedRow.objects.filter(rows, workspace=workspace).delete()
    findings = DriftFinding.objects.filter(run__workspace=workspace, task_id__in=forgotten.task_ids)
    return {
        "webhook calls": calls,
        "quarantined rows": quarantined,
        "drift findings": findings.exclude(name="").update(name=""),
    }
