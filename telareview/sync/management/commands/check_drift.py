"""`manage.py check_drift`: what differs between Tela and the mirror, by task and with its link, without mending it."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG, ensure_default_workspace
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.drift import mirrored
from telareview.sync.exclusive import PullIsRunning
from telareview.sync.models import DriftFinding, SyncRun
from telareview.sync.pull import sweep_tasks
from telareview.web.public_address import public_address

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
        findings = list(run.findings.order_by("kind", "task_id"))
        links = _links(run, findings)
        if as_json:
            told = {
                "compared": run.fetched,
                "differences": differences,
                "findings": [_as_json(each, link) for each, link in zip(findings, links, strict=True)],
                "outcome": run.outcome,
                "error": run.error or None,
            }
            self.stdout.write(json.dumps(told))
            return
        for each, link in zip(findings, links, strict=True):
            fields = f" ({', '.join(each.fields)})" if each.fields else ""
            self.stdout.write(f"{each.kind}  {link or each.task_id}  {each.name}{fields}")
        self.stdout.write(f"{run.fetched} tasks compared, {differences} differ.")
        if run.error:
            self.stderr.write(f"Not whole: {run.error}")


def _links(run: SyncRun, findings: Sequence[DriftFinding]) -> list[str | None]:
    """Where each task has its page; None for one that the mirror does not hold."""
    held = mirrored(run, findings)
    return [
        public_address(reverse("tasks:detail", args=[each.task_id])) if each.task_id in held else None
        for each in findings
    ]


def _as_json(finding: DriftFinding, link: str | None) -> dict[str, Any]:
    return {
        "task_id": str(finding.task_id),
        "name": finding.name,
        "kind": finding.kind,
        "fields": finding.fields,
        "link": link,
    }
