"""Background jobs, on PostgreSQL: which there are, and how a worker runs them.

Job rows are plumbing; what people look at stands in `SyncRun`. Every job may run twice without harm.
"""

import logging
from typing import Any

from django.db import close_old_connections
from procrastinate import builtin_tasks as _builtin  # noqa: F401 - registers the clean-up of ended jobs
from procrastinate.contrib.django import app

from telareview.accounts.models import Workspace
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.pull import PullIsRunning, pull_tasks

DEFAULT_PULL_SECONDS = 30
STALLED_AFTER_SECONDS = 60
SHUTDOWN_GRACE_SECONDS = 25

logger = logging.getLogger(__name__)


@app.task(name="pull_workspace", queue="pull", pass_context=False)
def pull_workspace(workspace_id: int) -> None:
    """Pull one workspace; a pull that is running already is enough."""
    close_old_connections()
    workspace = Workspace.objects.get(pk=workspace_id)
    try:
        with tela_client(workspace) as client:
            run = pull_tasks(workspace, client)
    except PullIsRunning:
        return
    except NoKey as error:
        logger.warning("Workspace %s is not pulled: %s", workspace.slug, error)
        return
    log = logger.info if run.outcome == run.Outcome.COMPLETE else logger.warning
    log("Pull of %s ended %s: %d new, %d changed. %s", workspace.slug, run.outcome, run.new, run.changed, run.error)


@app.task(name="pull_every_workspace", queue="pull", queueing_lock="pull_every_workspace")
def pull_every_workspace(timestamp: int) -> None:
    """The periodic pull, one workspace after the other."""
    for workspace_id in Workspace.objects.exclude(api_key_encrypted="").values_list("pk", flat=True):
        pull_workspace(workspace_id)


@app.periodic(cron="* * * * *")
@app.task(name="retry_stalled_jobs", queue="upkeep", queueing_lock="retry_stalled_jobs")
async def retry_stalled_jobs(timestamp: int) -> None:
    """Take up jobs whose worker was killed. No `lock` here, or this job could stall itself."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
        await app.job_manager.retry_job(job)


def schedule_pulls(every_seconds: int) -> None:
    """Let workers of this process put a pull into the queue every so many seconds (a divisor of 60, or minutes)."""
    cron = f"*/{every_seconds} * * * * *" if every_seconds < 60 else f"0 */{every_seconds // 60} * * * *"
    app.periodic(cron=cron)(pull_every_workspace)


def run_worker(*, concurrency: int, **options: Any) -> None:
    """Work until SIGTERM or SIGINT; the job in hand has `SHUTDOWN_GRACE_SECONDS` to end."""
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        app.run_worker(
            concurrency=concurrency,
            shutdown_graceful_timeout=SHUTDOWN_GRACE_SECONDS,
            delete_jobs="successful",
            **options,
        )
