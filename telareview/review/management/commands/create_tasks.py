"""`manage.py create_tasks FILE`: the rows of a CSV as tasks in Tela."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from telareview.accounts.models import Membership, Person, Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG, ensure_default_workspace
from telareview.accounts.writing import write_refusal
from telareview.review.acts import draft_of_table, sent_before
from telareview.review.asks import Asked, what_app_asks
from telareview.review.holds import Held
from telareview.review.jobs import stop_batch
from telareview.review.models import Batch
from telareview.review.new_form import app_of
from telareview.review.problems import Unreadable, sentence
from telareview.review.progress import Progress
from telareview.review.rows import rows_of_table
from telareview.review.sending import send_batch
from telareview.review.table import MOST_TABLE_BYTES, read_table
from telareview.sync.connection import NoKey, writing_client
from telareview.sync.exclusive import Stopped
from telareview.tasks.app_names import named_apps
from telareview.tela import WriteRefused

NOT_WHOLE, WRONG_USE = 1, 2
#: Problems that are printed; the batch's page and report have all.
PROBLEMS_SHOWN = 20


class Command(BaseCommand):
    help = "Create a task in Tela for each row of a CSV. A file that was stopped goes on; none is sent twice."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV: name, tags (divided by |), and what the app asks for")
        parser.add_argument("--app", default="", metavar="ID", help="needed where the mirror knows several")
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        parser.add_argument("--person", default="", metavar="EMAIL", help="in whose name; they must be allowed to")
        parser.add_argument("--dry-run", action="store_true", help="look at the file, and send nothing")
        parser.add_argument("--again", action="store_true", help="send a file once more that was sent already")
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = _workspace(options["workspace"])
        app_id = _app(workspace, options["app"])
        name, content = _content(options["file"])
        asked = what_app_asks(workspace, app_id)
        try:
            drafts = rows_of_table(read_table(content), asked)
        except Unreadable as error:
            raise CommandError(f"Nothing was sent. {error}", returncode=WRONG_USE) from error
        wrong = [(draft.number, sentence(each)) for draft in drafts for each in draft.problems]
        for number, said in wrong[:PROBLEMS_SHOWN]:
            self.stderr.write(f"line {number}: {said}")
        if len(wrong) > PROBLEMS_SHOWN:
            self.stderr.write(f"… and {len(wrong) - PROBLEMS_SHOWN} more.")
        if options["dry_run"]:
            faulty = len({number for number, _said in wrong})
            self._say(options, rows=len(drafts), sendable=len(drafts) - faulty, invalid=faulty, created=0, batch=None)
            if faulty:
                raise CommandError(f"{faulty} of {len(drafts)} rows cannot be sent.", returncode=NOT_WHOLE)
            return
        person = _person(workspace, options["person"])
        batch = _batch(workspace, person, asked, name, content, again=options["again"])
        self._send(workspace, batch, person, options)

    def _send(self, workspace: Workspace, batch: Batch, person: Person | None, options: dict[str, Any]) -> None:
        bar = tqdm(
            total=Progress(batch).to_send,
            unit=" tasks",
            disable=options["json"] or not sys.stderr.isatty(),
            leave=False,
        )

        def look() -> bool:
            bar.update(Progress(batch).ended - bar.n)
            return False

        try:
            with bar, writing_client(workspace, hurried=False) as client:
                send_batch(batch, client, person, should_stop=look)
        except Held as error:
            raise CommandError("Nothing was sent. This batch is being sent already.", returncode=WRONG_USE) from error
        except (NoKey, WriteRefused) as error:
            raise CommandError(f"Nothing was sent. {error}", returncode=WRONG_USE) from error
        except KeyboardInterrupt:
            # Or a worker would take it up as one that was killed.
            stop_batch(batch, Stopped())
            raise
        batch.refresh_from_db()
        progress = Progress(batch)
        self._say(
            options,
            rows=progress.to_send + progress.invalid,
            sendable=progress.to_send,
            invalid=progress.invalid,
            created=progress.created,
            batch=batch,
        )
        if not progress.is_whole:
            reason = batch.error or "The report of the batch says why."
            raise CommandError(
                f"{progress.created} of {progress.to_send + progress.invalid} rows became tasks. {reason}",
                returncode=NOT_WHOLE,
            )

    def _say(self, options: dict[str, Any], *, batch: Batch | None, **figures: int) -> None:
        if options["json"]:
            told = {"batch": batch.pk if batch else None, "state": batch.state if batch else "draft"}
            self.stdout.write(json.dumps({**figures, **told, "error": (batch.error or None) if batch else None}))
            return
        self.stdout.write(
            f"{figures['rows']} rows: {figures['created']} created, {figures['invalid']} cannot be sent."
            + (f" Batch {batch.pk}." if batch else " Nothing was sent.")
        )


def _workspace(slug: str) -> Workspace:
    if slug == DEFAULT_SLUG:
        return ensure_default_workspace()
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=WRONG_USE)
    return workspace


def _app(workspace: Workspace, given: str) -> UUID:
    if given:
        app_id = app_of(given)
        if app_id is None:
            raise CommandError(f"--app: “{given}” is no id of an app.", returncode=WRONG_USE)
        return app_id
    known = [app for app in named_apps(workspace) if app.application_id]
    if len(known) != 1:
        names = ", ".join(f"{app.application_id} {app.name}".strip() for app in known)
        raise CommandError(f"Say which app with --app. The mirror knows: {names or 'none'}.", returncode=WRONG_USE)
    return known[0].application_id


def _content(file: str) -> tuple[str, bytes]:
    path = Path(file)
    try:
        if path.stat().st_size > MOST_TABLE_BYTES:
            raise CommandError(
                f"Nothing was sent. The file is larger than {MOST_TABLE_BYTES // 1_000_000} MB. Divide it.",
                returncode=WRONG_USE,
            )
        return path.name, path.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", returncode=WRONG_USE) from error


def _person(workspace: Workspace, email: str) -> Person | None:
    if not workspace.writes_are_on:
        raise CommandError(
            "Nothing was sent. Writing to Tela is off: set TELA_ALLOW_WRITES=1, and allow it for the workspace.",
            returncode=WRONG_USE,
        )
    if not email:
        return None
    found = Membership.objects.select_related("workspace", "person")
    membership = found.filter(workspace=workspace, person__email=email.lower(), person__is_active=True).first()
    if membership is None:
        raise CommandError(f"{email} is no member of {workspace.slug}.", returncode=WRONG_USE)
    refused = write_refusal(membership, "create")
    if refused is not None:
        raise CommandError(f"Nothing was sent. {refused.sentence}", returncode=WRONG_USE)
    return membership.person


def _batch(
    workspace: Workspace, person: Person | None, asked: Asked, name: str, content: bytes, *, again: bool
) -> Batch:
    before = sent_before(workspace, asked.application_id, content)
    if before is not None and before.state != Batch.State.ENDED:
        return before
    if before is not None and not again:
        raise CommandError(
            f"Nothing was sent: this file was sent already, as batch {before.pk}. --again sends it once more.",
            returncode=WRONG_USE,
        )
    return draft_of_table(workspace, person, asked, name, content)
