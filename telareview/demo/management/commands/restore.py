"""`manage.py restore FILE`: a backup into an empty database."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telareview.demo.backup import BackupError, restore, unreadable_secrets

NOT_WHOLE = 1


class Command(BaseCommand):
    help = "Put a backup into an empty database and bring it up to date; verify_history then tells whether it is whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="that `backup` wrote")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            restore(file.absolute())
        except BackupError as error:
            raise CommandError(str(error), returncode=NOT_WHOLE) from error
        self.stdout.write(f"{file} was put back. Check it with verify_history.")
        unreadable = unreadable_secrets()
        for sentence in unreadable:
            self.stderr.write(sentence)
        if unreadable:
            sys.exit(NOT_WHOLE)
