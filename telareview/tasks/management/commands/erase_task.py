"""`manage.py erase_task`: erase what is personal about tasks, or lift that again."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from telareview.tasks.erasing import WRONG_USE, add_arguments, carry_out, find_workspace
from telareview.tasks.erasure import CannotErase, lift


class Command(BaseCommand):
    help = "Erase what is personal about tasks, everywhere and for good, on the record (LGPD, GDPR)."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", nargs="+", type=UUID, help="ids of the tasks")
        parser.add_argument("--lift", action="store_true", help="let the mirror take in the erased tasks whole again")
        add_arguments(parser)

    def handle(self, *args: Any, task: list[UUID], **options: Any) -> None:
        if not options["lift"]:
            carry_out(self, task, options)
            return
        try:
            number = lift(find_workspace(options["workspace"]), task, reason=options["reason"])
        except CannotErase as error:
            raise CommandError(str(error), returncode=WRONG_USE) from error
        self.stdout.write(f"Lifted, as request {number}. The next pull or refresh takes the task in as Tela holds it.")
