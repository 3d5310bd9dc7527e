"""Pages read by processes beside this one, as Python computes in one thread at a time.

Reading a page of 100 tasks takes as long as all else that a fill does with it, PostgreSQL's part included. Done here,
it also keeps the thread that writes waiting for its turn.
"""

import fcntl
import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any, BinaryIO, Self, cast

from django.conf import settings

from telareview.sync.prepared import PreparedPage, read_prepared
from telareview.tela import Reply, TaskQuery

#: A process takes half a second to begin, which is not worth it for what is soon read.
PAGES_BEFORE = 10
#: Replies on their way to one process: the next is there when it has read the one in hand.
AT_ONCE = 2
#: What a pipe holds, where that can be chosen: a reply is larger than the usual 64 KiB and would come in pieces.
PIPE_BYTES = 2**20
#: For a process to end by itself, once nobody asks any more.
PATIENCE_SECONDS = 5
#: All that such a process needs of the environment.
NEEDED = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")

logger = logging.getLogger("telareview.sync")


class Readers:
    """Reads pages: the first few itself, the others by `processes` beside it. A context manager; threads may share it.

    A process that dies is missed by nobody: what it had in hand is read here.
    """

    def __init__(self, processes: int, *, pages_before: int = PAGES_BEFORE) -> None:
        self._wanted = processes
        self._pages_before = pages_before
        self._lock = threading.Lock()
        self._pages = 0
        self._started: list[_Reader] = []
        #: A reader for each reply that may be on its way, None in place of one that died.
        self._places: queue.SimpleQueue[_Reader | None] = queue.SimpleQueue()
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for each in self._started:
            each.end()

    def read(self, reply: Reply, query: TaskQuery) -> PreparedPage:
        """The page in a reply to `query`. Raises UnreadableReply when no list of rows is found in it."""
        self._count()
        if not self._ready.is_set():
            return read_prepared(reply, query)
        reader = self._places.get()
        page: PreparedPage | None = None
        try:
            page = reader.ask(reply, query) if reader is not None else None
        except (OSError, EOFError, pickle.UnpicklingError):
            logger.warning("A process that reads pages has died; they are read here.")
            reader = None
        finally:
            self._places.put(reader)
        return page or read_prepared(reply, query)

    def _count(self) -> None:
        with self._lock:
            self._pages += 1
            if self._pages != self._pages_before + 1:
                return
            self._started = [_Reader() for _ in range(self._wanted)]
        for each in self._started:
            threading.Thread(target=self._welcome, args=[each], daemon=True).start()

    def _welcome(self, reader: "_Reader") -> None:
        """Give it to those who read, as soon as it says that it can."""
        if reader.is_ready():
            for _ in range(AT_ONCE):
                self._places.put(reader)
            self._ready.set()


class _Reader:
    """One such process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "telareview.sync.reader"],
            cwd=settings.BASE_DIR,
            env={name: os.environ[name] for name in NEEDED if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._questions, self._answers = cast("BinaryIO", self._process.stdin), cast("BinaryIO", self._process.stdout)
        for pipe in (self._questions, self._answers):
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                with suppress(OSError):
                    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._sending, self._receiving = threading.Lock(), threading.Lock()

    def is_ready(self) -> bool:
        """Wait until it can read; False where it ended instead."""
        try:
            return bool(self._load())
        except (OSError, ValueError, EOFError, pickle.UnpicklingError):
            return False

    def ask(self, reply: Reply, query: TaskQuery) -> PreparedPage | None:
        """Its page; None for a reply that it cannot read. Raises OSError, EOFError or UnpicklingError when it died."""
        # Hand over hand: answers come in the order of the questions, and the next question is sent meanwhile.
        self._sending.acquire()
        try:
            pickle.dump((reply, query), self._questions, pickle.HIGHEST_PROTOCOL)
            self._questions.flush()
            self._receiving.acquire()
        finally:
            self._sending.release()
        try:
            page: PreparedPage | None = self._load()
            return page
        finally:
            self._receiving.release()

    def end(self) -> None:
        with suppress(OSError):
            self._questions.close()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def _load(self) -> Any:
        return pickle.load(self._answers)  # noqa: S301 - from the process that was started here
