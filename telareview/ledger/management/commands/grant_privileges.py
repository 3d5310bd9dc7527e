"""`manage.py grant_privileges`: what the role of DATABASE_URL may do in the database of DATABASE_OWNER_URL."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telareview.ledger.privileges import GrantError, app_role, as_owner, grant, protected_tables

WRONG_USE = 2


class Command(BaseCommand):
    help = "Give the role of DATABASE_URL what it needs, and take from it what would let it rewrite history."
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        role = app_role()
        if not role:
            raise CommandError(
                "There is only one database role. Let DATABASE_OWNER_URL name the owner of the tables, and "
                "DATABASE_URL another role.",
                returncode=WRONG_USE,
            )
        try:
            with as_owner():
                grant(role)
        except GrantError as error:
            raise CommandError(str(error), returncode=WRONG_USE) from error
        self.stdout.write(f"{role} may read and append; it may not change {', '.join(protected_tables())}.")
