"""`manage.py export_history`: the sealed history as files that a stranger can verify."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.ledger.management.commands.verify_history import workspaces
from telareview.ledger.record import write_record

NOT_WHOLE, WRONG_USE = 1, 2


class Command(BaseCommand):
    help = "Write a workspace's sealed history, its checkpoints, public keys and the verifier into a new folder."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        parser.add_argument("--output", required=True, metavar="FOLDER", help="is made; must be empty if it exists")
        parser.add_argument("--without-payloads", action="store_true", help="leaves, facts and checkpoints alone")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = workspaces(options["workspace"])[0]
        folder = Path(options["output"])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise CommandError(f"--output: {folder} is not empty.", returncode=WRONG_USE)
            with tqdm(unit=" leaves", disable=not sys.stderr.isatty(), leave=False) as bar:
                payloads = not options["without_payloads"]
                record = write_record(
                    workspace, folder, payloads=payloads, progress=lambda leaves: bar.update(leaves - bar.n)
                )
        except OSError as error:
            raise CommandError(f"The record was not written whole: {error}", returncode=NOT_WHOLE) from error
        self.stdout.write(
            f"{record.name}: {record.leaves} leaves and {record.checkpoints} checkpoints in {folder}. "
            f"Verify: python {folder / 'verifier.py'} history {folder}"
        )
