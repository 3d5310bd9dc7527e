"""How long something takes, many times over."""

import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path

CLEAR_PEAK = "5"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Timing:
    """Milliseconds of single runs, sorted."""

    samples: tuple[float, ...]

    @property
    def p50(self) -> float:
        return statistics.median(self.samples)

    @property
    def p95(self) -> float:
        """The nearest rank: a measured value, never one between two."""
        return self.samples[ceil(0.95 * len(self.samples)) - 1]

    def __str__(self) -> str:
        return f"{self.p50:.1f} / {self.p95:.1f} ms"


def timed(run: Callable[[], object], *, times: int, warm: int = 3) -> Timing:
    """So many runs, after some that are not counted."""
    for _ in range(warm):
        run()
    return Timing(tuple(sorted(_once(run) for _ in range(times))))


def _once(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


def reset_peak(pid: int) -> int:
    """Forget the largest memory a process has had (Linux); its present one, in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text(CLEAR_PEAK)
    return memory(pid, "VmRSS")


def memory(pid: int, line: str) -> int:
    """`VmRSS` (now) or `VmHWM` (at most) of a process, in bytes; 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = next((row for row in status.splitlines() if row.startswith(f"{line}:")), "0 0")
    return int(found.split()[1]) * 1024


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (each / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid:
                found.append(int(each.name))
    return found
