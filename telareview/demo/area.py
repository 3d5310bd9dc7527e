"""State folders: `demo` for the sandbox's world, `serve` for the real workspace. Knows no Django.

var/secret-key          SECRET_KEY where none is set
var/<area>/data, …      the embedded database (see postgres.py)
var/<area>/running      who runs it and where, locked while that process lives
var/<area>/logs/        the output of every child process
var/demo/world.json     what makes the demo's world the same after a restart
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Literal

from telareview.demo.postgres import try_lock
from telareview.demo.private import write_private

BASE_DIR = Path(__file__).resolve().parents[2]
WORLD_TASKS = 3000
AreaName = Literal["demo", "serve"]


class AreaError(Exception):
    """A state folder cannot be used; the message says why and what to do."""


def state_folder() -> Path:
    """TELAREVIEW_VAR, or `var` in the checkout; made where missing. Raises AreaError when it cannot be written."""
    folder = Path(os.environ.get("TELAREVIEW_VAR", "").strip() or BASE_DIR / "var").expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise AreaError(f"The state folder {folder} cannot be written. Set TELAREVIEW_VAR to a folder of your own.")
    return folder


def secret_key(folder: Path) -> str:
    """The SECRET_KEY kept in `folder`, made at first use."""
    return write_private(folder / "secret-key", lambda: secrets.token_urlsafe(50))


@dataclass(frozen=True)
class World:
    """What the sandbox needs to play the same world again, and how to reach it."""

    #: How many tasks it began with.
    tasks: int
    key: str
    port: int
    #: Of every demo person.
    password: str


@dataclass
class Area:
    name: AreaName
    folder: Path
    lock: IO[str] | None = None

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def claim(self) -> None:
        """Makes this process the one that runs the area, until it ends.

        Raises AreaError, which says where the other one is.
        """
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = (self.folder / "running").open("a+")
        if not try_lock(lock):
            lock.seek(0)
            where = lock.read().strip() or "It is still starting."
            lock.close()
            raise AreaError(f"telareview {self.name} runs already. {where}")
        self.lock = lock
        self.announce("")

    def release(self) -> None:
        if self.lock:
            self.lock.close()
            self.lock = None

    def announce(self, where: str) -> None:
        """Leaves a sentence for whoever tries to start a second one."""
        if self.lock:
            self.lock.truncate(0)
            self.lock.write(where)
            self.lock.flush()

    def world(self) -> World | None:
        """The demo's world, if one was begun here."""
        path = self.folder / "world.json"
        return World(**json.loads(path.read_text())) if path.exists() else None

    def begin_world(self, port: int) -> World:
        """The world of the last start, now on `port`, or a new one."""
        former = self.world()
        world = World(
            tasks=former.tasks if former else WORLD_TASKS,
            key=former.key if former else secrets.token_urlsafe(24),
            port=port,
            password=former.password if former else _password(),
        )
        path = self.folder / "world.json"
        path.unlink(missing_ok=True)
        write_private(path, lambda: json.dumps(asdict(world), indent=2))
        return world


def choose_area(folder: Path, *, supervised: str | None) -> Area:
    """The area of `demo` and `serve`; for other commands `serve` where Tela is named or only `serve` exists."""
    if supervised in ("demo", "serve"):
        name: AreaName = "demo" if supervised == "demo" else "serve"
    elif any(os.environ.get(variable, "").strip() for variable in ("TELA_API_KEY", "TELA_API_URL")):
        name = "serve"
    else:
        name = "serve" if (folder / "serve").exists() and not (folder / "demo").exists() else "demo"
    return Area(name, folder / name)


def _password() -> str:
    """Twelve letters and digits that are not mistaken for each other: 58 bits, easy to type."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))
