"""What the commands that erase have in common: what would go is counted, confirmed, and done."""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.ledger.sealing import SealError
from telareview.tasks.erasure import MOST_TASKS, CannotErase, Scope, erase_tasks, scope_of

WRONG_USE = 2
CONFIRMATION = "erase"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help="kept for ever, so without personal data: a case's number, say")
    parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def find_workspace(slug: str) -> Workspace:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=WRONG_USE)
    return workspace


def carry_out(
    command: BaseCommand, task_ids: Sequence[UUID], options: Mapping[str, Any], words: Sequence[str] = ()
) -> None:
    """Count, ask, erase and say what went; more tasks than one request may concern become several requests."""
    workspace = find_workspace(options["workspace"])
    scope = scope_of(workspace, task_ids)
    command.stdout.write(_said(scope))
    if not scope.task_ids:
        raise CommandError("Nothing was erased: none of these tasks is in the mirror.", returncode=WRONG_USE)
    if options["dry_run"]:
        command.stdout.write("Nothing was changed (--dry-run).")
        return
    if not options["yes"] and not _confirmed():
        raise CommandError("Nothing was erased: it was not confirmed.", returncode=WRONG_USE)
    for start in range(0, len(scope.task_ids), MOST_TASKS):
        some = scope.task_ids[start : start + MOST_TASKS]
        try:
            erased = erase_tasks(workspace, some, reason=options["reason"], words=words)
        except CannotErase as error:
            raise CommandError(str(error), returncode=WRONG_USE) from error
        except (SealError, SecretError) as error:
            raise CommandError(f"Nothing was erased, because the history cannot be sealed first. {error}") from error
        copies = "".join(f", {count:,} {name}" for name, count in erased.copies.items())
        command.stdout.write(f"Erased under request {erased.number}: {len(some):,} tasks{copies}.")
    command.stdout.write("Tela still holds them; telareview takes in nothing personal of them until that is lifted.")


def _said(scope: Scope) -> str:
    return (
        f"{len(scope.task_ids):,} tasks: facts of {scope.versions:,} versions, {scope.payloads:,} payloads, "
        f"{scope.told:,} versions told by Tela."
    )


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"This cannot be undone. Type “{CONFIRMATION}” to go on: ").strip().lower() == CONFIRMATION
