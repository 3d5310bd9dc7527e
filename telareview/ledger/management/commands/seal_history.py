"""`manage.py seal_history`: seal and send now, show the public keys, make a new key."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from telareview.accounts.encryption import UnreadableSecret
from telareview.ledger.management.commands.verify_history import workspaces
from telareview.ledger.models import SigningKey
from telareview.ledger.notes import make_key, verifier_key
from telareview.ledger.sealing import SealError, heads, seal
from telareview.ledger.sending import send_checkpoints

NOT_WHOLE = 1


class Command(BaseCommand):
    help = "Seal what is not sealed yet, send the checkpoints out, and print each tree's newest checkpoint and keys."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="whose keys are meant; default: every workspace")
        parser.add_argument(
            "--new-key",
            action="store_true",
            help="sign with a new key from now on; tell it to whoever keeps the former one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = list(workspaces(options["workspace"]))
        if options["new_key"]:
            for workspace in chosen:
                make_key(workspace)
        failed = 0
        try:
            sealed = seal(thorough=True)
            self.stdout.write(f"{sealed.leaves} records sealed, {sealed.checkpoints} checkpoints.")
        except (SealError, UnreadableSecret) as error:
            self.stderr.write(f"Not everything was sealed: {error}")
            failed += 1
        failed += send_checkpoints()
        for workspace in chosen:
            for key in SigningKey.objects.filter(workspace=workspace).order_by("pk"):
                self.stdout.write(f"{workspace.slug}: {verifier_key(key.name, bytes(key.public_key))}")
        for head in heads(chosen).values():
            self.stdout.write(f"\n{head.note}", ending="")
        if failed:
            sys.exit(NOT_WHOLE)
