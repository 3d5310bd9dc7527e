"""`manage.py retention`: how long payloads are kept; says it, sets it, or applies it now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.tasks.erasing import WRONG_USE, find_workspace
from telareview.tasks.retention import apply_retention, days_kept, keep_for


class Command(BaseCommand):
    help = "How long payloads are kept (default: for ever). Versions themselves are never deleted."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--days", type=int, metavar="N", help="erase payloads of states older than N days, nightly")
        change.add_argument("--for-ever", action="store_true", help="keep them for ever")
        change.add_argument("--apply", action="store_true", help="do now what the worker does each night")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        try:
            if options["for_ever"] or options["days"] is not None:
                keep_for(workspace, options["days"])
        except ValueError as error:
            raise CommandError(str(error), returncode=WRONG_USE) from error
        days = days_kept(workspace)
        self.stdout.write(f"Payloads are kept for {days} days." if days else "Payloads are kept for ever.")
        if options["apply"]:
            self.stdout.write(f"{apply_retention(workspace):,} payloads were erased.")
