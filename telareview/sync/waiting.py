"""Pulls and sweeps that people asked for, while they wait for a worker."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from telareview.accounts.models import Workspace
from telareview.sync.jobs import pull_workspace, sweep_workspace
from telareview.sync.models import SyncRun

JOBS = {SyncRun.Kind.PULL: pull_workspace, SyncRun.Kind.SWEEP: sweep_workspace}
#: A worker tells every ten seconds that it lives.
SILENT_AFTER = timedelta(seconds=60)


def waiting(workspace: Workspace) -> Sequence[SyncRun.Kind]:
    """What was asked for and no worker has taken up yet. One statement."""
    names = {task.name: kind for kind, task in JOBS.items()}
    jobs = ProcrastinateJob.objects.filter(
        task_name__in=names, status="todo", args__workspace_id=workspace.pk
    ).values_list("task_name", flat=True)
    return sorted({names[name] for name in jobs})


def is_a_worker_alive() -> bool:
    """Whether any worker has told lately that it lives. One statement."""
    return ProcrastinateWorker.objects.filter(last_heartbeat__gte=timezone.now() - SILENT_AFTER).exists()
