"""A backup of the whole database in one file, and back: PostgreSQL's own pg_dump and pg_restore.

A dump is one state of a database at work: nobody has to stop for it. Owners and privileges stay out of the file, so it
fits any server; they are given anew. Secrets in it are encrypted with SECRET_KEY, which is not in it.
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from itertools import islice
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Workspace
from telareview.demo.binaries import find_binaries
from telareview.ledger.models import SigningKey

#: One file, compressed, from which pg_restore can take single tables as well.
FORMAT = "--format=custom"
#: Names and builds of one server, which another may not have.
NOT_OF_THE_SERVER = ("--no-owner", "--no-privileges", "--no-toast-compression")
#: As the first migration has it: payloads are read back several times faster, where the server was built with lz4.
PREFER_LZ4 = b"""DO $$ BEGIN SET default_toast_compression = 'lz4'; EXCEPTION WHEN others THEN NULL; END $$;
"""
#: And as a later one has it where there is none; the backup may come from a server of the other kind.
KEEP_LZ4 = b"""ALTER TABLE public.tasks_payload SET (toast_tuple_target = 8160);
DO $$ BEGIN ALTER TABLE public.tasks_payload ALTER COLUMN text SET COMPRESSION lz4;
ALTER TABLE public.tasks_payload RESET (toast_tuple_target);
EXCEPTION WHEN feature_not_supported THEN NULL; END $$;
"""
#: Settings that a newer pg_restore speaks of first, and that a server before PostgreSQL 17 does not know.
UNKNOWN_TO_OLDER = frozenset({b"SET transaction_timeout = 0;\n"})
HEAD_LINES = 40
CHUNK_BYTES = 1_000_000


class BackupError(Exception):
    """No backup was made, or none put back; the message says why and what to do."""


def dump(path: Path) -> int:
    """Write a backup to `path`, which must not exist; its size in bytes. Appears whole or not at all."""
    if path.exists():
        raise BackupError(f"{path} exists already; nothing was written.")
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        # Nobody else on the machine may read it, from the first byte on.
        unfinished.touch(mode=0o600)
        _run("pg_dump", FORMAT, *NOT_OF_THE_SERVER, f"--file={unfinished}")
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path.stat().st_size


def restore(path: Path) -> None:
    """Put a backup into this empty database, and bring it up to date. As the owner of the tables."""
    if not path.is_file():
        raise BackupError(f"{path} is no file.")
    if connection.introspection.table_names():
        raise BackupError("The database is not empty. Name an empty one; nothing was changed.")
    connection.close()
    _put_back(path)
    call_command("migrate", verbosity=0, interactive=False)


def unreadable_secrets() -> list[str]:
    """Sentences about secrets that this SECRET_KEY does not open; none where it is the one of the backup."""
    found = []
    for workspace in Workspace.objects.order_by("pk"):
        try:
            _ = workspace.api_key
        except SecretError as error:
            found.append(str(error))
    for key in SigningKey.objects.order_by("pk"):
        try:
            key.private_key()
        except SecretError as error:
            found.append(str(error))
    return found


def _put_back(path: Path) -> None:
    """The backup as SQL through psql: all of it, or nothing."""
    reading = subprocess.Popen(
        [_tool("pg_restore"), "--no-owner", "--no-privileges", "--file=-", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    writing = subprocess.Popen(
        [_tool("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"],
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    # A psql that has stopped at an error reads no further; what it says is told below.
    with suppress(BrokenPipeError):
        _pass_on(reading, writing)
    told = writing.communicate()[1].decode(errors="replace")
    reading.kill()
    complaint = reading.communicate()[1].decode(errors="replace")
    if reading.returncode not in {0, -signal.SIGKILL} or writing.returncode:
        raise BackupError(f"The backup was not put back; nothing was changed.\n{(told or complaint).strip()[-2000:]}")


def _pass_on(reading: "subprocess.Popen[bytes]", writing: "subprocess.Popen[bytes]") -> None:
    """Committed only once all was read: of a file that ends too soon nothing stays."""
    source, sink = reading.stdout, writing.stdin
    assert source is not None and sink is not None  # noqa: PT018 - both are pipes
    sink.write(b"BEGIN;\n" + PREFER_LZ4)
    for line in islice(source, HEAD_LINES):
        if line not in UNKNOWN_TO_OLDER:
            sink.write(line)
    shutil.copyfileobj(source, sink, CHUNK_BYTES)
    if reading.wait() == 0:
        sink.write(b"\n" + KEEP_LZ4 + b"COMMIT;\n")
    sink.flush()


def _run(program: str, *words: str) -> None:
    """One of PostgreSQL's programs on the database of this process."""
    done = subprocess.run([_tool(program), *words], env=_environment(), capture_output=True, text=True)
    if done.returncode:
        raise BackupError(f"{program} failed:\n{done.stderr.strip()[-2000:]}")


def _tool(program: str) -> Path:
    tool = find_binaries().folder / program
    if not tool.exists():
        raise BackupError(f"There is no {program} in {tool.parent}. Set TELAREVIEW_PG_BIN to a folder that has it.")
    return tool


def _environment() -> dict[str, str]:
    """Which database is meant; the password is in no list of processes."""
    settings = connection.settings_dict
    where = {
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"] or ""),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        "PGSSLMODE": settings.get("OPTIONS", {}).get("sslmode", ""),
    }
    return {**os.environ, **{name: value for name, value in where.items() if value}}
