"""`manage.py seed_mirror`: a large mirror to try and to measure, without Tela."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG, ensure_default_workspace
from telareview.demo.local import WRONG_USE
from telareview.demo.seeding import CannotSeed, seed, tidy


class Command(BaseCommand):
    help = "Add made-up tasks to the mirror, for trying and measuring: nothing is fetched, nothing is taken away."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tasks", type=int, required=True, metavar="N")
        parser.add_argument("--versions", type=int, default=1, metavar="N", help="of each task; default: %(default)s")
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")

    def handle(self, *args: Any, tasks: int, versions: int, workspace: str, **options: Any) -> None:
        into = _workspace(workspace)
        # Hidden (`disable=None`) where stderr is no terminal.
        with tqdm(total=tasks, unit=" tasks", desc="Making tasks", disable=None, leave=False) as bar:
            try:
                seed(into, tasks, versions=versions, progress=bar.update)
            except CannotSeed as error:
                raise CommandError(str(error), returncode=WRONG_USE) from error
        tidy()
        self.stdout.write(f"{tasks:,} tasks with {versions} version(s) each were added to “{into.slug}”.")


def _workspace(slug: str) -> Workspace:
    if slug == DEFAULT_SLUG:
        return ensure_default_workspace()
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=WRONG_USE)
    return workspace
