"""`add_person EMAIL --role ROLE`: the door for the first people of an installation."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from telareview.accounts.models import Workspace
from telareview.accounts.people import add_person
from telareview.accounts.roles import Role
from telareview.accounts.workspaces import DEFAULT_SLUG

WRONG_USE = 2


class Command(BaseCommand):
    help = "Add a person to a workspace, or change their role. A new person's password is printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", choices=Role.values, required=True)
        parser.add_argument(
            "--workspace", default=DEFAULT_SLUG, help="the workspace's short name (default: %(default)s)"
        )

    def handle(self, *args: Any, email: str, role: str, workspace: str, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email!r} is no e-mail address.", returncode=WRONG_USE) from error
        place = Workspace.objects.filter(slug=workspace).first()
        if place is None:
            known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no workspace {workspace!r}. There is: {known}.", returncode=WRONG_USE)

        person, password = add_person(email, role, place)

        self.stdout.write(f"{person.email} is {role} in {place.slug}.")
        if password:
            self.stdout.write(f"Password, shown this once: {password}")
