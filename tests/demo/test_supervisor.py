"""Children live and die with their supervisor, and its death is told in words."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from telareview.demo import supervisor as supervision
from telareview.demo.children import Child, spawn
from telareview.demo.supervisor import ChildDied, Supervisor

SLEEPER = "import time; print('awake', flush=True); time.sleep(60)"


def child(tmp_path: Path, code: str, name: str = "The part") -> Child:
    return spawn(name, [sys.executable, "-c", code], log=tmp_path / "logs" / "part.log", cwd=tmp_path)


def test_the_death_of_a_needed_child_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor(print)
    supervisor.add(child(tmp_path, "print('the last word'); raise SystemExit(3)"))

    with pytest.raises(ChildDied, match=r"(?s)The part has ended \(exit 3\).*the last word"):
        supervisor.wait()


def test_a_worker_is_started_again_with_growing_pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "FIRST_PAUSE_SECONDS", 0.01)
    said: list[str] = []
    starts: list[float] = []

    def start() -> Child:
        starts.append(time.monotonic())
        return child(tmp_path, "raise SystemExit(1)", "The worker")

    supervisor = Supervisor(said.append)
    supervisor.add_restarted(start)
    supervisor.wait(until=lambda: len(starts) == 3)
    supervisor.stop()

    assert said[0].startswith("The worker has ended (exit 1) and is started again in")
    assert len(said) >= 2


def test_stopping_ends_even_a_child_that_will_not_hear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "STOP_SECONDS", 0.2)
    deaf = child(tmp_path, f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}")
    while "awake" not in deaf.log.read_text():
        time.sleep(0.01)
    supervisor = Supervisor(print)
    supervisor.add(deaf)

    supervisor.stop()

    assert deaf.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_child_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from pathlib import Path\n"
            "from telareview.demo.children import spawn\n"
            f"child = spawn('x', [sys.executable, '-c', {SLEEPER!r}], log=Path('x.log'), cwd=Path('.'))\n"
            "print(child.process.pid, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    deadline = time.monotonic() + 5
    while _state(pid) not in ("", "Z") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _state(pid) in ("", "Z")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return ""


def test_a_log_that_has_grown_large_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telareview.demo.children.MAX_LOG_BYTES", 10)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "part.log").write_text("more than ten bytes\n")

    done = child(tmp_path, "print('anew')")
    done.process.wait()

    assert (tmp_path / "logs" / "part.log").read_text() == "anew\n"
    assert (tmp_path / "logs" / "part.old").read_text() == "more than ten bytes\n"
