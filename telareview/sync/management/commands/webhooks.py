"""`manage.py webhooks`: our subscriptions in Tela, and the secret its calls must carry."""

import json
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG, ensure_default_workspace
from telareview.sync import subscriptions
from telareview.sync.connection import NoKey
from telareview.sync.subscriptions import SubscriptionError
from telareview.tasks.app_names import named_apps
from telareview.tela import TelaError
from telareview.tela.subscriptions import EVENTS

NOT_WHOLE, WRONG_USE = 1, 2
ADDRESS = "https://review.example"
TROUBLE = (TelaError, NoKey, SubscriptionError, SecretError)


class Command(BaseCommand):
    help = "List, register, test and remove this workspace's webhook subscriptions in Tela, or make their secret."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help="what Tela has, app by app")
        listing.add_argument("--json", action="store_true", help="print one JSON object last")
        register = acts.add_parser("register", help="subscribe this installation to the events of apps")
        register.add_argument("--address", required=True, metavar="URL", help=f"where Tela reaches us: {ADDRESS}")
        register.add_argument("--app", action="append", type=UUID, metavar="ID", help="repeatable; default: every app")
        register.add_argument(
            "--event", action="append", metavar="NAME", help=f"repeatable; default: {' '.join(EVENTS)}"
        )
        test = acts.add_parser("test", help="let Tela send a sample")
        test.add_argument("id", metavar="ID")
        test.add_argument("--event", default=EVENTS[0], metavar="NAME", help="default: %(default)s")
        for act, what in (
            ("renew", "give a subscription the present secret"),
            ("pause", "stop its calls"),
            ("resume", "let them come again"),
            ("remove", "remove it from Tela"),
        ):
            acts.add_parser(act, help=what).add_argument("id", metavar="ID")
        secret = acts.add_parser("secret", help="make a new secret and print it, this once")
        secret.add_argument("--retire", action="store_true", help="instead, end the former one")

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        workspace = _workspace(options["workspace"])
        try:
            getattr(self, f"_{act}")(workspace, options)
        except TROUBLE as error:
            raise CommandError(str(error), returncode=NOT_WHOLE) from error

    def _list(self, workspace: Workspace, options: dict[str, Any]) -> None:
        told = subscriptions.look(workspace, "")
        if options["json"]:
            self.stdout.write(json.dumps({"apps": [_as_json(app) for app in told]}))
        for app in () if options["json"] else told:
            self.stdout.write(f"{app.app.application_id}  {app.app.name}")
            for listed in app.subscriptions:
                each = listed.subscription
                state = "active" if each.is_active else "paused"
                self.stdout.write(f"  {each.id}  {state}  {each.url}  {' '.join(each.events)}")
            if app.error:
                self.stdout.write(f"  {app.error}")
        if any(app.error for app in told):
            raise SystemExit(NOT_WHOLE)

    def _register(self, workspace: Workspace, options: dict[str, Any]) -> None:
        base = options["address"].rstrip("/")
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            raise CommandError(f"--address must be a scheme and a host, such as {ADDRESS}.", returncode=WRONG_USE)
        apps = options["app"] or [app.application_id for app in named_apps(workspace)]
        if not apps:
            raise CommandError("The mirror knows no app yet. Run pull_tasks first.", returncode=NOT_WHOLE)
        address = base + subscriptions.path_of(workspace)
        for app_id in apps:
            try:
                made = subscriptions.register(workspace, app_id, address, options["event"] or EVENTS)
            except subscriptions.SubscribedAlready as error:
                self.stdout.write(f"{app_id}  {error}")
            else:
                self.stdout.write(f"{app_id}  subscribed{f' as {made.id}' if made else ''}")

    def _test(self, workspace: Workspace, options: dict[str, Any]) -> None:
        trial = subscriptions.try_out(workspace, options["id"], options["event"])
        answer = trial.status_code or "no answer"
        if not trial.success:
            raise CommandError(f"Tela could not deliver its sample: {answer}. {trial.detail}", returncode=NOT_WHOLE)
        self.stdout.write(f"Tela delivered its sample: {answer}.")

    def _renew(self, workspace: Workspace, options: dict[str, Any]) -> None:
        subscriptions.renew(workspace, options["id"])
        self.stdout.write("Tela sends the present secret from now on.")

    def _pause(self, workspace: Workspace, options: dict[str, Any]) -> None:
        subscriptions.pause(workspace, options["id"], active=False)
        self.stdout.write("Paused.")

    def _resume(self, workspace: Workspace, options: dict[str, Any]) -> None:
        subscriptions.pause(workspace, options["id"], active=True)
        self.stdout.write("Active.")

    def _remove(self, workspace: Workspace, options: dict[str, Any]) -> None:
        subscriptions.remove(workspace, options["id"])
        self.stdout.write("Removed.")

    def _secret(self, workspace: Workspace, options: dict[str, Any]) -> None:
        if options["retire"]:
            subscriptions.retire_former_secret(workspace)
            self.stdout.write("From now on only the present secret is let in.")
            return
        made = subscriptions.make_secret(workspace)
        self.stderr.write("The new secret, shown this once; the former one is let in for some days more:")
        self.stdout.write(made)


def _as_json(app: subscriptions.AppSubscriptions) -> dict[str, Any]:
    return {
        "app": str(app.app.application_id),
        "name": app.app.name,
        "error": str(app.error) if app.error else None,
        "subscriptions": [
            {
                "id": each.subscription.id,
                "url": each.subscription.url,
                "events": list(each.subscription.events),
                "headers": list(each.subscription.header_names),
                "active": each.subscription.is_active,
            }
            for each in app.subscriptions
        ],
    }


def _workspace(slug: str) -> Workspace:
    if slug == DEFAULT_SLUG:
        return ensure_default_workspace()
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=WRONG_USE)
    return workspace
