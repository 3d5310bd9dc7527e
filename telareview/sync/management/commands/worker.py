"""`manage.py worker`: pulls from Tela and works off background jobs until it is stopped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import ensure_default_workspace, is_described
from telareview.sync.jobs import DEFAULT_PULL_SECONDS, run_worker, schedule_pulls

WRONG_USE = 2


class Command(BaseCommand):
    help = "Pull from Tela periodically and work off background jobs, until SIGTERM or Ctrl-C."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every",
            type=int,
            default=DEFAULT_PULL_SECONDS,
            metavar="SECONDS",
            help="between two pulls; default: %(default)s",
        )
        parser.add_argument(
            "--concurrency", type=int, default=2, metavar="N", help="jobs at a time; default: %(default)s"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        every = options["every"]
        if every < 1 or (every < 60 and 60 % every) or (every >= 60 and every % 60):
            raise CommandError(
                "--every must divide a minute (1, 2, 3, 5, 10, 15, 20, 30) or be whole minutes.", returncode=WRONG_USE
            )
        if options["concurrency"] < 1:
            raise CommandError("--concurrency must be 1 or more.", returncode=WRONG_USE)
        if is_described():
            ensure_default_workspace()
        if not Workspace.objects.exclude(api_key_encrypted="").exists():
            self.stderr.write(
                "No workspace has an API key yet, so nothing is pulled. Set TELA_API_KEY, or enter a key."
            )
        schedule_pulls(every)
        run_worker(concurrency=options["concurrency"])
