"""What `manage.py` does before Django reads the settings: a secret key, and a database where none is named.

Knows no Django while it is imported.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from telareview.demo import postgres
from telareview.demo.area import Area, AreaError, choose_area, secret_key, state_folder
from telareview.demo.binaries import PostgresError
from telareview.demo.roles import APP, OWNER
from telareview.demo.supervisor import stop_on_signals

WRONG_USE = 2
RETRY_SECONDS = 0.5
SUPERVISED = frozenset({"demo", "serve"})
#: Django's own commands that never ask a database.
WITHOUT_DATABASE = frozenset({"collectstatic", "compilemessages", "diffsettings", "help", "makemessages", "version"})
#: Commands about migrations and the bare database.
WITHOUT_MIGRATION = frozenset(
    {"dbshell", "inspectdb", "makemigrations", "migrate", "restore", "showmigrations", "sqlmigrate"}
)
NO_KEY = (
    "TELA_API_KEY is not set, so there is no workspace to serve. Set it to the API key of your Tela workspace and run "
    "`./run serve` again; `./run demo` needs no key."
)
NO_OWNER = (
    "The database lacks {pending} migration(s), and the role {role!r} may not make them: it does not own the tables. "
    "Run `./run manage migrate` once with DATABASE_OWNER_URL naming the same database as its owner."
)
#: These change or tend the tables themselves, so they work as the tables' owner.
AS_OWNER = frozenset({"backup", "migrate", "restore", "sqlmigrate", "seed_mirror"})
#: For commands that never ask a database: settings want an address, and nothing answers at this one.
NOWHERE = "postgres://nobody@127.0.0.1:9/nowhere"


@dataclass
class Surroundings:
    """Where a command runs. `server` is None when DATABASE_URL was given."""

    area: Area
    server: postgres.Server | None


#: Set while `prepared` is open for a command that has a database.
surroundings: Surroundings | None = None


@contextmanager
def prepared(arguments: Sequence[str]) -> Iterator[None]:
    """Fills the environment for `manage.py ARGUMENTS …`, and stops afterwards what it started.

    Raises SystemExit, after a sentence on stderr, where that is impossible.
    """
    command = next((word for word in arguments if not word.startswith("-")), "help")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telareview.settings")
    try:
        folder = state_folder()
        os.environ["TELAREVIEW_VAR"] = str(folder)
        if not _given("SECRET_KEY"):
            os.environ["SECRET_KEY"] = secret_key(folder)
        here = None
        if command not in WITHOUT_DATABASE and not {"-h", "--help", "--version"} & set(arguments):
            here = _surround(command, choose_area(folder, supervised=command if command in SUPERVISED else None))
        elif not _given("DATABASE_URL"):
            os.environ["DATABASE_URL"] = NOWHERE
    except (AreaError, PostgresError) as error:
        sys.exit(str(error))
    try:
        if here:
            _migrate(command, here)
        with _role_of(command):
            yield
    finally:
        if here:
            _leave(command, here)


def _role_of(command: str) -> AbstractContextManager[None]:
    if command not in AS_OWNER:
        return nullcontext()
    from telareview.ledger.privileges import as_owner

    return as_owner()


def _surround(command: str, area: Area) -> Surroundings:
    global surroundings  # noqa: PLW0603 - a process runs one command
    if command == "serve" and not (_given("TELA_API_KEY") or _given("DATABASE_URL") or (area.folder / "data").exists()):
        print(NO_KEY, file=sys.stderr)
        sys.exit(WRONG_USE)
    if command in SUPERVISED:
        stop_on_signals()
        area.claim()
    if command == "demo" or (area.name == "demo" and not _given("DATABASE_URL")):
        _enter_world(area, command)
    server = None
    if not _given("DATABASE_URL"):
        server = _start(command, area)
        os.environ["DATABASE_URL"] = server.url(user=APP)
        os.environ["DATABASE_OWNER_URL"] = server.url(user=OWNER)
    surroundings = Surroundings(area, server)
    return surroundings


def _enter_world(area: Area, command: str) -> None:
    """The sandbox takes Tela's place, whatever the environment says."""
    world = area.world()
    if command == "demo":
        world = area.begin_world(world.port if world and postgres.is_free(world.port) else postgres.free_port())
    if world:
        os.environ["TELA_API_URL"] = f"http://127.0.0.1:{world.port}"
        os.environ["TELA_API_KEY"] = world.key
        # Nothing can be harmed in a stand-in of our own, and creating and approving are there to be tried.
        os.environ.setdefault("TELA_ALLOW_WRITES", "1")


def _start(command: str, area: Area) -> postgres.Server:
    durable = area.name == "serve"
    server = postgres.start(area.folder, durable=durable)
    told = False
    while command in SUPERVISED and not server.owned:
        # It would end under our feet with the command that started it.
        if not told:
            print(f"Waiting for another command that uses the database in {area.folder} …", flush=True)
            told = True
        server.leave()
        time.sleep(RETRY_SECONDS)
        server = postgres.start(area.folder, durable=durable)
    return server


def _migrate(command: str, here: Surroundings) -> None:
    """Brings an embedded database up to date; says what to do about a given one."""
    import django
    from django.db import OperationalError, connection

    django.setup()
    from django.core.management import get_commands

    from telareview.ledger.privileges import as_owner, may_migrate

    try:
        with as_owner():
            connection.ensure_connection()
            ours = get_commands().get(command, "").startswith("telareview.")
            if command == "migrate" and not may_migrate():
                sys.exit(NO_OWNER.format(role=connection.settings_dict["USER"], pending="some"))
            if command not in WITHOUT_MIGRATION and (here.server is not None or ours):
                # Beside the areas: a command that was given a database makes no area.
                with postgres.locked(here.area.folder.parent / "migrate.lock"):
                    _bring_up_to_date(command, here)
    except OperationalError as error:
        sys.exit(f"The database does not answer, so nothing was done. {str(error).splitlines()[0]}")


def _bring_up_to_date(command: str, here: Surroundings) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from telareview.ledger.privileges import GrantError, app_role, are_granted, grant, may_migrate

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending and here.server is None and command not in SUPERVISED:
        print(
            f"The database at DATABASE_URL lacks {len(pending)} migration(s), the first being {pending[0][0]}. "
            "Run `./run manage migrate` first.",
            file=sys.stderr,
        )
        sys.exit(WRONG_USE)
    if pending and not may_migrate():
        sys.exit(NO_OWNER.format(role=connection.settings_dict["USER"], pending=len(pending)))
    try:
        if pending:
            print("Bringing the database up to date …", file=sys.stderr, flush=True)
            call_command("migrate", verbosity=0, interactive=False)
        elif (role := app_role()) and not are_granted(role):
            grant(role)
    except GrantError as error:
        sys.exit(str(error))


def _leave(command: str, here: Surroundings) -> None:
    if here.server is None:
        return

    def waiting() -> None:
        print(
            f"Done. Another command still uses the database in {here.area.folder}; waiting for it …",
            file=sys.stderr,
            flush=True,
        )

    here.server.leave(waiting=None if command in SUPERVISED else waiting)


def _given(variable: str) -> bool:
    return bool(os.environ.get(variable, "").strip())
