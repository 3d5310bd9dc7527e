"""`manage.py erase_person`: erase every task in which somebody's e-mail address stands."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from telareview.tasks.erasing import add_arguments, carry_out, find_workspace
from telareview.tasks.erasure import tasks_naming


class Command(BaseCommand):
    help = "Erase every task in which an e-mail address stands: as creator, approver or author, or in a text."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        add_arguments(parser)

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        address = email.strip()
        carry_out(self, tasks_naming(find_workspace(options["workspace"]), address), options, words=(address,))
