"""Child processes that never outlive the process that started them. Knows no Django."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MAX_LOG_BYTES = 10_000_000  # A log larger than this is set aside as .old at the next start.
PR_SET_PDEATHSIG = 1
#: Opened here and not in the child, where other threads' locks may be held.
_LIBC = ctypes.CDLL(None)


@dataclass
class Child:
    """One running child: its name for people, its process, the log that holds all of its output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    #: What asks it to stop in good order.
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.alive:
            self.process.send_signal(self.stop_signal)

    def stop(self, seconds: float) -> None:
        """Asks, waits `seconds`, then kills the child and whatever it started in its own process group."""
        self.ask_to_stop()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self, lines: int = 5) -> str:
        """The end of the log, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    at_parents_death: signal.Signals = signal.SIGKILL,
    before_exec: Callable[[], None] | None = None,
) -> Child:
    """Starts `command` in a process group of its own, output appended to `log`.

    On Linux the kernel sends `at_parents_death` when the *thread* that called this ends: call it from the main thread.
    Raises OSError or subprocess.SubprocessError when it cannot be started.
    """
    with open_log(log) as output:
        process = subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            # Ctrl-C reaches every process of the terminal's group; children are stopped in order instead.
            start_new_session=True,
            preexec_fn=_bound_to_parent(at_parents_death, before_exec),
        )
    return Child(name, process, log, stop_signal)


def open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        path.replace(path.with_suffix(".old"))
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def die_with_parent(death: signal.Signals, parent: int) -> None:
    """Asks Linux to send `death` to this process when process `parent`, which started it, ends. Nothing elsewhere."""
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _bound_to_parent(death: signal.Signals, before_exec: Callable[[], None] | None) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if before_exec:
            before_exec()
        # Last: a change of user clears the setting.
        die_with_parent(death, parent)

    return prepare
