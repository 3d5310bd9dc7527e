"""Background jobs, on PostgreSQL: which there are, and how a worker runs them.

Job rows are plumbing; what people look at stands in `SyncRun`. Every job may run twice without harm.
"""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import close_old_connections, transaction
from django.dispatch import Signal
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.tasks import Task

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Workspace
from telareview.ledger.jobs import ask_for_seal
from telareview.ledger.sealing import SealError
from telareview.sync import deliveries as _deliveries  # noqa: F401 - registers the jobs of webhook calls
from telareview.sync.backfill import is_filled
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.gone import confirm_absent
from telareview.sync.models import AbsentTask, Bookmark, SyncRun
from telareview.sync.pull import PullIsRunning, pull_tasks, reconcile_tasks, sweep_tasks
from telareview.sync.tela_versions import has_news, keep_histories
from telareview.sync.unfinished import refresh_unfinished
from telareview.tasks.models import Retention
from telareview.tasks.retention import apply_retention
from telareview.tela import TelaClient, TelaError

DEFAULT_PULL_SECONDS = 30
STALLED_AFTER_SECONDS = 60
#: After a signal a job is told to stop; it ends with the page in hand.
SHUTDOWN_GRACE_SECONDS = 1
#: A sweep that finds the door locked comes again after so long.
PUT_OFF_SECONDS = 10
#: PostgreSQL announces new jobs by itself, but not that the moment of a put-off one has come.
LOOK_EVERY_SECONDS = 1.0

#: Sent before a worker begins: rooms above announce what a killed one left behind.
worker_starts = Signal()

logger = logging.getLogger(__name__)


@app.task(name="pull_workspace", queue="pull", pass_context=True)
def pull_workspace(context: JobContext, workspace_id: int) -> None:
    """Pull one workspace; a pull that is running already is enough."""

    def pull(workspace: Workspace, client: TelaClient) -> None:
        run = pull_tasks(workspace, client, should_stop=context.should_abort)
        _log(workspace, run)
        if run.new or run.changed:
            ask_for_seal()
        if has_news(workspace):
            ask_for(told_versions, workspace)

    _with_client(workspace_id, pull)


@app.task(name="told_versions", queue="news", pass_context=True)
def told_versions(context: JobContext, workspace_id: int) -> None:
    """Keep what Tela itself tells of the tasks that have changed."""
    _with_client(workspace_id, partial(keep_histories, should_stop=context.should_abort))


@app.task(name="sweep_workspace", queue="pull", pass_context=True)
def sweep_workspace(context: JobContext, workspace_id: int) -> None:
    """Compare one workspace in full, once the pull that is running has ended."""

    def sweep(workspace: Workspace, client: TelaClient) -> None:
        try:
            run, _differences = sweep_tasks(workspace, client, should_stop=context.should_abort)
        except PullIsRunning:
            ask_for(sweep_workspace, workspace, in_seconds=PUT_OFF_SECONDS)
        else:
            _log(workspace, run)

    _with_client(workspace_id, sweep)


@app.task(name="pull_every_workspace", queue="pull", queueing_lock="pull_every_workspace", pass_context=True)
def pull_every_workspace(context: JobContext, timestamp: int, every_seconds: int = DEFAULT_PULL_SECONDS) -> None:
    """The periodic pull, one workspace after the other."""

    def pull(workspace_id: int) -> None:
        pull_workspace(context, workspace_id)
        # By this pace is judged when the mirror is stale.
        pace = Bookmark.objects.filter(workspace_id=workspace_id).exclude(every_seconds=every_seconds)
        pace.update(every_seconds=every_seconds)

    _in_each(_with_keys(), pull, context.should_abort)


@app.periodic(cron="17 3 * * * 47")  # seconds stand last: between two pulls, or it would find the door locked
@app.task(name="sweep_every_workspace", queue="pull", queueing_lock="sweep_every_workspace", pass_context=True)
def sweep_every_workspace(context: JobContext, timestamp: int) -> None:
    """The nightly sweep."""
    _in_each(_with_keys(), lambda workspace_id: sweep_workspace(context, workspace_id), context.should_abort)


@app.periodic(cron="23 * * * * 47")
@app.task(name="reconcile_every_workspace", queue="pull", queueing_lock="reconcile_every_workspace", pass_context=True)
def reconcile_every_workspace(context: JobContext, timestamp: int) -> None:
    """The hourly comparison of counts; it has no meaning before the first fill has ended."""

    def reconcile(workspace: Workspace, client: TelaClient) -> None:
        if is_filled(workspace):
            _log(workspace, reconcile_tasks(workspace, client, should_stop=context.should_abort))

    _in_each(_with_keys(), lambda workspace_id: _with_client(workspace_id, reconcile), context.should_abort)


@app.periodic(cron="*/5 * * * *")
@app.task(name="confirm_absences", queue="news", queueing_lock="confirm_absences")
def confirm_absences(timestamp: int) -> None:
    """The second question about tasks that answered 404."""

    def confirm(workspace: Workspace, client: TelaClient) -> None:
        confirm_absent(workspace, client, None)

    concerned = AbsentTask.objects.order_by("workspace_id").values_list("workspace_id", flat=True).distinct()
    _in_each(concerned, lambda workspace_id: _with_client(workspace_id, confirm))


@app.periodic(cron="* * * * * */10")  # seconds stand last
@app.task(name="refresh_unfinished", queue="news", queueing_lock="refresh_unfinished")
def refresh_unfinished_everywhere(timestamp: int) -> None:
    """Tasks that were running are asked for again when their time has come."""

    def refresh(workspace: Workspace, client: TelaClient) -> None:
        refresh_unfinished(workspace, client)

    _in_each(_with_keys(), lambda workspace_id: _with_client(workspace_id, refresh))


@app.periodic(cron="41 4 * * *")
@app.task(name="forget_sessions", queue="upkeep", queueing_lock="forget_sessions")
def forget_sessions(timestamp: int) -> None:
    """Sessions that have ended leave the database."""
    close_old_connections()
    call_command("clearsessions")


@app.periodic(cron="37 4 * * *")
@app.task(name="apply_retention", queue="upkeep", queueing_lock="apply_retention")
def apply_retention_everywhere(timestamp: int) -> None:
    """Payloads past their time go, in workspaces where somebody has set one."""

    def apply(workspace_id: int) -> None:
        workspace = Workspace.objects.get(pk=workspace_id)
        try:
            erased = apply_retention(workspace)
        except (SealError, SecretError) as error:
            logger.warning("Nothing of %s was erased for its age, as it cannot be sealed: %s", workspace.slug, error)
        else:
            logger.info("%d payloads of %s were past their time and erased.", erased, workspace.slug)

    _in_each(Retention.objects.order_by("workspace_id").values_list("workspace_id", flat=True), apply)


@app.periodic(cron="* * * * *")
@app.task(name="retry_stalled_jobs", queue="upkeep", queueing_lock="retry_stalled_jobs")
async def retry_stalled_jobs(timestamp: int) -> None:
    """Take up jobs whose worker was killed. No `lock` here, or this job could stall itself.

    Where the same job waits anew already, that one is enough, and the killed one goes.
    """
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)


def _with_client(workspace_id: int, work: Callable[[Workspace, TelaClient], object]) -> None:
    """Work on a workspace with a client of its key. What Tela refuses is logged: the job's next turn asks again."""
    close_old_connections()
    workspace = Workspace.objects.get(pk=workspace_id)
    try:
        with tela_client(workspace) as client:
            work(workspace, client)
    except PullIsRunning:
        logger.info("Workspace %s is being pulled already.", workspace.slug)
    except (NoKey, SecretError, TelaError) as error:
        logger.warning("Workspace %s was not asked for to the end: %s", workspace.slug, error)


def _with_keys() -> Iterable[int]:
    return Workspace.objects.exclude(api_key_encrypted="").order_by("pk").values_list("pk", flat=True)


def _in_each(
    workspaces: Iterable[int], work: Callable[[int], object], should_stop: Callable[[], bool] = lambda: False
) -> None:
    """Work on these workspaces in turn. What fails in one, whatever it is, is logged and keeps none of the others."""
    close_old_connections()
    for workspace_id in list(workspaces):
        if should_stop():
            return
        try:
            work(workspace_id)
        except Exception:
            logger.exception("The job failed in workspace %d; it goes on with the others.", workspace_id)
            # A connection that broke is made anew.
            close_old_connections()


def ask_for(task: Task[..., Any, ...], workspace: Workspace, *, in_seconds: int = 0) -> None:
    """Put a job of one workspace into the queue; one that waits there already is enough."""
    lock = f"{task.name}:{workspace.pk}"
    later = {"schedule_in": {"seconds": in_seconds}} if in_seconds else {}
    try:
        with transaction.atomic():
            task.configure(queueing_lock=lock, **later).defer(workspace_id=workspace.pk)  # type: ignore[arg-type]
    except AlreadyEnqueued:
        return


def _log(workspace: Workspace, run: SyncRun) -> None:
    log = logger.info if run.outcome == SyncRun.Outcome.COMPLETE else logger.warning
    log(
        "%s of %s ended %s: %d new, %d changed. %s",
        run.kind,
        workspace.slug,
        run.outcome,
        run.new,
        run.changed,
        run.error,
    )


def schedule_pulls(every_seconds: int) -> None:
    """Let workers of this process put a pull into the queue every so many seconds (a divisor of 60, or minutes)."""
    # Seconds stand last in a cron line of six fields.
    cron = f"* * * * * */{every_seconds}" if every_seconds < 60 else f"*/{every_seconds // 60} * * * *"
    app.periodic(cron=cron, task_kwargs={"every_seconds": every_seconds})(pull_every_workspace)


def run_worker(*, concurrency: int, **options: Any) -> None:
    """Work until SIGTERM or SIGINT; the pull in hand ends with its page, and the next one goes on from there."""
    worker_starts.send(sender=None)
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        app.run_worker(
            concurrency=concurrency,
            shutdown_graceful_timeout=SHUTDOWN_GRACE_SECONDS,
            fetch_job_polling_interval=LOOK_EVERY_SECONDS,
            delete_jobs="successful",
            **options,
        )
