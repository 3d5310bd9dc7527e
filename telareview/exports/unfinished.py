"""Where a file is written before it is whole.

A folder of its own, locked as long as its process lives: what a killed one left can be told from what is being written.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX, SUFFIX = ".export-", ".part"


@contextmanager
def workplace(beside: Path) -> Iterator[Path]:
    """An empty folder in `beside`, and on the same disk; it goes at the end with everything that is left in it."""
    folder, lock = _taken(beside)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear_unfinished(beside: Path) -> int:
    """Take away what killed processes have left in `beside`; how many folders that were."""
    gone = 0
    for folder in beside.glob(f"{PREFIX}*{SUFFIX}"):
        try:
            lock = _locked(folder)
        except OSError:
            # Its writer lives, or has just finished; or it is nothing of ours to look into.
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        gone += 1
    return gone


def _taken(beside: Path) -> tuple[Path, int]:
    """A new folder and the open lock on it. Raises OSError where none can be made."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=beside, prefix=PREFIX, suffix=SUFFIX))
        try:
            lock = _locked(folder)
            if os.stat(folder).st_ino == os.fstat(lock).st_ino:
                return folder, lock
            os.close(lock)
        except (FileNotFoundError, BlockingIOError):
            # Somebody cleared it in the moment before it was locked.
            continue


def _locked(folder: Path) -> int:
    """The open folder, locked. Raises BlockingIOError where another process holds it, OSError where it is none."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(opened)
        raise
    return opened
