"""`manage.py pull_tasks`: bring news from Tela into the mirror."""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from telareview.accounts.encryption import UnreadableSecret
from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG, ensure_default_workspace
from telareview.ledger.sealing import SealError, seal
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.models import SyncRun
from telareview.sync.progress import Progress
from telareview.sync.pull import PullIsRunning, pull_tasks, sweep_tasks
from telareview.tasks.moments import first_instant, parse_moment
from telareview.tela import TelaError

NOT_WHOLE, WRONG_USE = 1, 2
#: Another pull (the worker's, usually) is waited for so long before this one gives up.
PATIENCE_SECONDS = 120


class Command(BaseCommand):
    help = "Bring new and changed tasks from Tela into the mirror."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="walk every task again")
        parser.add_argument("--sweep", action="store_true", help="compare everything, and notice deletions")
        parser.add_argument("--many-gone", action="store_true", help="believe a sweep that misses very many tasks")
        parser.add_argument(
            "--since", metavar="ISO", help="tasks updated from this moment on; leaves the bookmark alone"
        )
        parser.add_argument("--until", metavar="ISO", help="tasks updated until this moment")
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        parser.add_argument("--connections", type=int, default=4, metavar="N", help="at a time; default: %(default)s")
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *args: Any, **options: Any) -> None:
        since, until = _moment("--since", options["since"]), _moment("--until", options["until"])
        if not 1 <= options["connections"] <= 32:
            raise CommandError("--connections must be from 1 to 32.", returncode=WRONG_USE)
        if (options["full"] or options["sweep"]) and (since or until):
            raise CommandError(
                "--full and --sweep walk everything: leave out --since and --until.", returncode=WRONG_USE
            )
        workspace = _workspace(options["workspace"])
        try:
            client = tela_client(workspace)
        except (NoKey, TelaError, ValueError) as error:
            self._tell({"outcome": "incomplete", "error": str(error)}, options)
            raise CommandError(str(error), returncode=NOT_WHOLE) from error
        bar = _bar("Comparing" if options["sweep"] else "Filling the mirror", quiet=options["json"])

        def show(run: SyncRun, progress: Progress) -> None:
            bar.n = progress.percent or 0
            left = f", about {progress.remaining_seconds:.0f} s left" if progress.remaining_seconds else ""
            bar.set_postfix_str(f"{progress.tasks} tasks, {progress.rate:.0f} a second{left}")

        def pull() -> SyncRun:
            if options["sweep"]:
                return sweep_tasks(workspace, client, many_gone=options["many_gone"], progress=show)[0]
            return pull_tasks(
                workspace,
                client,
                full=options["full"],
                since=since,
                until=until,
                connections=options["connections"],
                progress=show,
            )

        with client, bar:
            run = self._patiently(pull, options)
        self._seal()
        self._tell(_summary(run), options)
        if run.outcome != SyncRun.Outcome.COMPLETE:
            raise SystemExit(NOT_WHOLE)

    def _seal(self) -> None:
        """What arrived is sealed at once; where it cannot be, it waits for a seal and the pull counts all the same."""
        try:
            seal()
        except (SealError, UnreadableSecret) as error:
            self.stderr.write(f"Not everything was sealed: {error}")

    def _patiently(self, pull: Callable[[], SyncRun], options: dict[str, Any]) -> SyncRun:
        """Run it, after waiting for another pull (the worker's, usually) to end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return pull()
            except PullIsRunning as error:
                if time.monotonic() > deadline:
                    self._tell({"outcome": "incomplete", "error": str(error)}, options)
                    raise CommandError(str(error), returncode=NOT_WHOLE) from error
                time.sleep(0.5)

    def _tell(self, summary: dict[str, Any], options: dict[str, Any]) -> None:
        whole = {**dict.fromkeys(("fetched", "new", "changed", "unchanged", "gone", "failed"), 0), **summary}
        if options["json"]:
            self.stdout.write(json.dumps(whole))
        elif "kind" in summary:
            self.stdout.write(
                "{kind}: {fetched} fetched, {new} new, {changed} changed, {unchanged} unchanged, {gone} gone, "
                "{failed} failed in {seconds:.1f} s".format(**whole)
            )
            if whole["error"]:
                self.stderr.write(f"Not whole: {whole['error']}")


def _summary(run: SyncRun) -> dict[str, Any]:
    return {
        "kind": run.kind,
        "run": run.pk,
        "fetched": run.fetched,
        "new": run.new,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "gone": run.gone,
        "failed": run.failed,
        "calls": run.calls,
        "waited_seconds": round(run.waited_seconds, 3),
        "seconds": round(run.seconds, 3),
        "outcome": run.outcome,
        "error": run.error or None,
    }


def _bar(doing: str, *, quiet: bool) -> Any:
    return tqdm(
        total=100,
        disable=quiet or not sys.stderr.isatty(),
        bar_format="{l_bar}{bar}| {elapsed} {postfix}",
        desc=doing,
        leave=False,
    )


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return first_instant(parse_moment(text, ZoneInfo("UTC")), ZoneInfo("UTC"))
    except ValueError as error:
        raise CommandError(
            f"{option}: “{text}” is not a date such as 2026-03-01 or an instant such as 2026-03-01T12:00:00Z.",
            returncode=WRONG_USE,
        ) from error


def _workspace(slug: str) -> Workspace:
    if slug == DEFAULT_SLUG:
        return ensure_default_workspace()
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=WRONG_USE)
    return workspace
