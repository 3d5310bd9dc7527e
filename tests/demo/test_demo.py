"""`./run demo` and `./run serve` as a person meets them: real processes, a state folder of their own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from telareview.demo.area import BASE_DIR
from telareview.demo.postgres import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts processes through /proc")

LONGEST_START_SECONDS = 120  # On a busy machine; a quiet one needs ten.
STOP_SECONDS = 12


class Demo:
    """A state folder, and the commands that are run over it."""

    def __init__(self, var: Path) -> None:
        self.var = var
        kept = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment |= {"TELAREVIEW_VAR": str(var), "PYTHONUNBUFFERED": "1"}

    def start(self, *words: str, **more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, BASE_DIR / "manage.py", *words],
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str, **more: str) -> tuple[int, str]:
        process = self.start(*words, **more)
        output, _ = process.communicate(timeout=LONGEST_START_SECONDS)
        return process.returncode, output

    def processes(self) -> list[str]:
        """Command lines of all living processes that belong to this state folder."""
        mark = f"TELAREVIEW_VAR={self.var}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return [line for line in found if line]

    def nobody_is_left(self) -> bool:
        deadline = time.monotonic() + STOP_SECONDS
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.processes() == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("var"))
    yield demo
    assert demo.nobody_is_left()


def until_ready(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """The address, and everything printed up to the line about Ctrl-C."""
    assert process.stdout
    printed = ""
    for line in process.stdout:
        printed += line
        if "Ctrl-C stops it" in line:
            return printed.split("telareview is ready:")[1].split()[0], printed
    raise AssertionError(printed)


def test_the_demo_from_its_first_start_to_a_kill(demo: Demo) -> None:
    port = str(free_port())
    first = demo.start("demo", "--port", port, TELA_API_KEY="a real key that the demo must not use")
    with first:
        address, printed = until_ready(first)
        page = urllib.request.urlopen(f"{address}accounts/login/", timeout=10).read().decode()
        second_code, second = demo.run("demo")
        code, pulled = demo.run("pull_tasks", "--json")
        first.send_signal(signal.SIGKILL)

    assert address == f"http://127.0.0.1:{port}/"
    assert "viewer@" in printed
    assert "<form" in page
    assert second_code == 1
    assert f"telareview demo runs already. Open {address}" in second
    assert code == 0
    assert json.loads(pulled.splitlines()[-1])["outcome"] == "complete"
    assert demo.nobody_is_left()


def test_after_a_kill_the_same_demo_starts_again_and_ends_in_order(demo: Demo) -> None:
    world = json.loads((demo.var / "demo" / "world.json").read_text())

    again = demo.start("demo", "--port", str(free_port()))
    with again:
        _address, printed = until_ready(again)
        code, pulled = demo.run("pull_tasks", "--full", "--json")
        again.send_signal(signal.SIGTERM)

    run = json.loads(pulled.splitlines()[-1])
    assert world["password"] in printed
    assert "Fetching" not in printed
    assert (code, run["outcome"], run["gone"]) == (0, "complete", 0)
    assert run["unchanged"] > world["tasks"] * 0.9
    assert again.returncode == 0
    assert demo.nobody_is_left()


def test_without_a_key_there_is_nothing_to_serve(demo: Demo) -> None:
    code, said = demo.run("serve")

    assert code == 2
    assert said.startswith("TELA_API_KEY is not set")
    assert not (demo.var / "serve").exists()


def test_a_key_that_tela_refuses_is_said_and_the_pages_answer(demo: Demo) -> None:
    port = free_port()
    serve = demo.start(
        "serve", "--port", str(port), TELA_API_KEY="refused", TELA_API_URL=f"http://127.0.0.1:{free_port()}"
    )
    with serve:
        address, printed = until_ready(serve)
        printed += serve.stdout.readline() if serve.stdout else ""
        status = urllib.request.urlopen(f"{address}healthz", timeout=10).status
        serve.send_signal(signal.SIGINT)

    assert status == 200
    assert "Sign in as admin@localhost with the password " in printed
    assert serve.returncode == 0
    assert demo.nobody_is_left()
