"""`serve`: the real workspace, with its own embedded database unless DATABASE_URL names one."""

import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telareview.accounts.models import Membership, Workspace
from telareview.accounts.people import PASSWORD_BYTES, ensure_first_admin
from telareview.accounts.roles import Role
from telareview.accounts.workspaces import ensure_default_workspace
from telareview.demo import local
from telareview.demo.launch import DEFAULT_PORT, Launch, choose_port, port_number
from telareview.demo.supervisor import ChildDied
from telareview.web.client import is_loopback

FIRST_ADMIN = "admin@localhost"


class Command(BaseCommand):
    help = "Run telareview for the workspace of TELA_API_KEY: database, worker and web server, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=port_number, help=f"port to listen on (default: {DEFAULT_PORT})")
        parser.add_argument("--admin", metavar="EMAIL", default=FIRST_ADMIN, help="of the first administrator")
        parser.add_argument("--new-password", action="store_true", help="make the first administrator a new password")

    def handle(self, *args: Any, host: str, port: int | None, admin: str, new_password: bool, **options: Any) -> None:
        here = local.surroundings
        if here is None:
            raise CommandError("Start it with `./run serve`.", returncode=local.WRONG_USE)
        workspace = ensure_default_workspace()
        if not workspace.api_key:
            raise CommandError(local.NO_KEY, returncode=local.WRONG_USE)
        web_port = choose_port(host, port, or_next=False)
        if web_port is None:
            raise CommandError(f"Port {port or DEFAULT_PORT} is taken. Choose another with --port.")
        launch = Launch(here, self.stdout.write)
        try:
            launch.start_web(host, web_port)
            address = launch.wait_for_web(host, web_port)
            launch.area.announce(f"Open {address}")
            self.stdout.write(f"telareview is ready:  {address}\nLogs: {launch.area.logs}. Ctrl-C stops it.")
            self._tell_password(workspace, admin.strip().lower(), new_password=new_password)
            if host != "localhost" and not is_loopback(host) and not os.environ.get("ALLOWED_HOSTS", "").strip():
                self.stdout.write("ALLOWED_HOSTS is not set, so only requests for localhost are answered.")
            self.stdout.flush()
            launch.fill(workspace)
            launch.start_worker()
            launch.run()
        except ChildDied as death:
            raise CommandError(str(death)) from death
        finally:
            launch.stop()

    def _tell_password(self, workspace: Workspace, email: str, *, new_password: bool) -> None:
        password = ensure_first_admin(workspace, email)
        if password is None and new_password:
            email, password = _renew_password(workspace)
        if password:
            self.stdout.write(
                f"Sign in as {email} with the password {password} (shown this once, kept only as a hash)."
            )


def _renew_password(workspace: Workspace) -> tuple[str, str]:
    """The e-mail and the new password of the workspace's longest-standing administrator."""
    first = Membership.objects.filter(workspace=workspace, role=Role.ADMIN).select_related("person").earliest("pk")
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    first.person.set_password(password)
    first.person.save(update_fields=["password"])
    return first.person.email, password
