"""`manage.py backup FILE`: the whole database as one file, while everything goes on."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telareview.demo.backup import BackupError, dump

NOT_WHOLE = 1


class Command(BaseCommand):
    help = "Write the whole database into one file, as of one moment; nothing has to stop. Keep SECRET_KEY elsewhere."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="where to; must not exist")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            size = dump(file.absolute())
        except (BackupError, OSError) as error:
            raise CommandError(str(error), returncode=NOT_WHOLE) from error
        self.stdout.write(
            f"{file}: {size:,} bytes. Keep SECRET_KEY (the file secret-key in the state folder) as well, in another "
            "place: without it the API key and the key that signs checkpoints cannot be read."
        )
