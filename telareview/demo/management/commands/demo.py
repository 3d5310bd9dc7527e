"""`demo`: a believable world to look at, with everything that belongs to it."""

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from telareview.accounts.models import Workspace
from telareview.accounts.people import ensure_demo_people
from telareview.accounts.workspaces import DEFAULT_SLUG, ensure_default_workspace
from telareview.demo import local
from telareview.demo.area import World
from telareview.demo.launch import DEFAULT_PORT, Launch, choose_port, port_number
from telareview.demo.names import name_demo
from telareview.demo.supervisor import ChildDied
from telareview.sync.backfill import is_filled
from telareview.web.client import is_loopback

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Run telareview over a stand-in of Tela: database, stand-in, worker and web server, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=port_number, help=f"of the pages (default: {DEFAULT_PORT}, or the next free one)"
        )

    def handle(self, *args: Any, port: int | None, **options: Any) -> None:
        here = local.surroundings
        world = here.area.world() if here else None
        if here is None or world is None:
            raise CommandError("Start the demo with `./run demo`.", returncode=local.WRONG_USE)
        _refuse_real_data()
        web_port = choose_port(HOST, port, or_next=True)
        if web_port is None:
            raise CommandError(f"Port {port or DEFAULT_PORT} is taken. Choose another with --port.")
        launch = Launch(here, self.stdout.write)
        try:
            self._run(launch, world, web_port)
        except ChildDied as death:
            raise CommandError(str(death)) from death
        finally:
            launch.stop()

    def _run(self, launch: Launch, world: World, port: int) -> None:
        self.stdout.write(f"Starting the demo. Logs: {launch.area.logs}")
        launch.start_sandbox(world)
        launch.start_web(HOST, port)
        workspace = ensure_default_workspace()
        let_write(workspace)
        name_demo(workspace)
        people = ensure_demo_people(workspace, world.password)
        launch.wait_for_sandbox(world)
        address = launch.wait_for_web(HOST, port)
        if not is_filled(workspace):
            launch.fill(workspace)
        launch.start_worker()
        launch.area.announce(f"Open {address} (sign-in as printed there).")
        self.stdout.write(
            f"\ntelareview is ready:  {address}\n\n"
            "Sign in with one of\n"
            + "".join(f"    {email:32} {role}\n" for email, role in people)
            + f"password for all:     {world.password}\n\n"
            f"Ctrl-C stops it. Stand-in of Tela's API: http://{HOST}:{world.port} (key: {world.key})"
        )
        self.stdout.flush()
        launch.run()


def let_write(workspace: Workspace) -> None:
    """Creating and approving are there to be tried, also in a demo that was made before they were.

    Whoever does not want it says TELA_ALLOW_WRITES=0.
    """
    workspace.allow_writes = settings.TELA_ALLOW_WRITES
    workspace.save(update_fields=["allow_writes"])


def _refuse_real_data() -> None:
    """Demo people with one password must not enter a workspace that mirrors the real Tela."""
    workspace = Workspace.objects.filter(slug=DEFAULT_SLUG).first()
    host = urlsplit(workspace.api_url).hostname if workspace else None
    if workspace and host != "localhost" and not is_loopback(host or ""):
        raise CommandError(
            f"The database {settings.DATABASES['default']['NAME']} holds the workspace of {workspace.api_url}. "
            "The demo would mix its own tasks and people into it. Unset DATABASE_URL, or name an empty database.",
            returncode=local.WRONG_USE,
        )
