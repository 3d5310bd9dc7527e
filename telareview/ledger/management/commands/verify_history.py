"""`manage.py verify_history`: is the history still the one that was sealed?"""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from telareview.accounts.models import Workspace
from telareview.ledger.checking import Outside, Verdict, check
from telareview.ledger.losses import Request, say_leaves
from telareview.ledger.sending import kept_checkpoints

NOT_WHOLE, WRONG_USE = 1, 2
#: Problems told one by one; all are counted.
MOST_TOLD = 100
#: Runs of erased leaves told for one request; `--json` tells all.
MOST_RUNS = 20


class Command(BaseCommand):
    help = (
        "Recompute every seal from the database and compare it with the signed checkpoints, those that left the house "
        "included. Exit code 0: the history is whole; 1: it is not, and where."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="default: every workspace")
        parser.add_argument(
            "--checkpoint", metavar="FILE", action="append", default=[], help="checkpoints that were kept outside"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *args: Any, **options: Any) -> None:
        given = [_read(path) for path in options["checkpoint"]]
        verdicts = []
        for workspace in workspaces(options["workspace"]):
            verdict = check(workspace, [*kept_checkpoints(workspace), *given])
            verdicts.append((workspace, verdict))
            if not options["json"]:
                self._tell(workspace, verdict)
        whole = all(verdict.whole for _workspace, verdict in verdicts)
        if options["json"]:
            told = [_summary(workspace, verdict) for workspace, verdict in verdicts]
            self.stdout.write(json.dumps({"whole": whole, "workspaces": told}, ensure_ascii=False))
        if not whole:
            sys.exit(NOT_WHOLE)

    def _tell(self, workspace: Workspace, verdict: Verdict) -> None:
        for problem in verdict.problems[:MOST_TOLD]:
            self.stderr.write(f"{workspace.slug}: {problem.sentence}")
        for request in verdict.requests:
            self.stdout.write(f"{workspace.slug}: {_said(request)}")
        self.stdout.write(
            f"{workspace.slug}: {'whole' if verdict.whole else 'NOT WHOLE'}; {verdict.leaves} leaves, "
            f"{verdict.checkpoints} checkpoints, {verdict.payloads} payloads compared, {verdict.erased} erased, "
            f"{verdict.unsealed} not sealed yet, {len(verdict.problems)} problem(s)"
        )


def workspaces(slug: str | None) -> "QuerySet[Workspace]":
    """All, or the one named. Raises CommandError where there is none of that name."""
    found = Workspace.objects.order_by("pk")
    if slug is not None:
        found = found.filter(slug=slug)
        if not found:
            raise CommandError(f"There is no workspace “{slug}”.", returncode=WRONG_USE)
    return found


def _read(path: str) -> Outside:
    try:
        return Outside(path, Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--checkpoint: {path} cannot be read: {error}", returncode=WRONG_USE) from error


def _said(request: Request) -> str:
    what = " and ".join(name for name in ("facts", "payloads") if getattr(request, name))
    leaves = say_leaves(request.leaves, MOST_RUNS)
    return f"{leaves}: {what} erased under request {request.number} of {request.recorded_at} ({request.reason})"


def _summary(workspace: Workspace, verdict: Verdict) -> dict[str, Any]:
    return {
        "workspace": workspace.slug,
        "name": verdict.name,
        "whole": verdict.whole,
        "leaves": verdict.leaves,
        "checkpoints": verdict.checkpoints,
        "payloads": verdict.payloads,
        "erased": verdict.erased,
        "requests": [
            {"number": each.number, "recorded_at": each.recorded_at, "reason": each.reason, "leaves": each.leaves}
            for each in verdict.requests
        ],
        "unsealed": verdict.unsealed,
        "waiting_since": verdict.waiting_since.isoformat() if verdict.waiting_since else None,
        "problems": [
            {"leaf": each.index, "to": each.last, "code": each.code, "sentence": each.sentence}
            for each in verdict.problems[:MOST_TOLD]
        ],
        "problem_count": len(verdict.problems),
    }
