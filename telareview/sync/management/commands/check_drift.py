"""`manage.py check_drift`: what differs between Tela and the mirror, without mending it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG, ensure_default_workspace
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.exclusive import PullIsRunning
from telareview.sync.models import SyncRun
from telareview.sync.pull import sweep_tasks

DRIFT, WRONG_USE = 1, 2


class Command(BaseCommand):
    help = "Compare every task of Tela with the mirror, change nothing, and list what differs. Exit code 1 for any."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["workspace"]
        workspace = ensure_default_workspace() if slug == DEFAULT_SLUG else Workspace.objects.filter(slug=slug).first()
        if workspace is None:
            raise CommandError(f"There is no workspace “{slug}”.", returncode=WRONG_USE)
        try:
            with tela_client(workspace) as client:
                run, differences = sweep_tasks(workspace, client, mend=False)
        except (NoKey, PullIsRunning) as error:
            raise CommandError(str(error), returncode=DRIFT) from error
        self._tell(run, differences, as_json=options["json"])
        if differences or run.outcome != SyncRun.Outcome.COMPLETE:
            raise SystemExit(DRIFT)

    def _tell(self, run: SyncRun, differences: int, *, as_json: bool) -> None:
        findings = list(run.findings.order_by("kind", "task_id").values("task_id", "name", "kind", "fields"))
        if as_json:
            told = {
                "compared": run.fetched,
                "differences": differences,
                "findings": [{**each, "task_id": str(each["task_id"])} for each in findings],
                "outcome": run.outcome,
                "error": run.error or None,
            }
            self.stdout.write(json.dumps(told))
            return
        for each in findings:
            fields = f" ({', '.join(each['fields'])})" if each["fields"] else ""
            self.stdout.write(f"{each['kind']}  {each['task_id']}  {each['name']}{fields}")
        self.stdout.write(f"{run.fetched} tasks compared, {differences} differ.")
        if run.error:
            self.stderr.write(f"Not whole: {run.error}")
