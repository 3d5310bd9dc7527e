"""The living world, its journal, and the sandbox as a process."""

import os
import select
import signal
import subprocess
import sys
from collections import Counter
from threading import Event

import pytest
import requests

from telareview.sandbox import SandboxServer
from telareview.sandbox.clock import Clock
from telareview.sandbox.wire import milliseconds

NOW = "2026-11-20T15:00:00.000Z"


def test_a_living_world_goes_through_every_event():
    seen: Counter[str] = Counter()
    enough = Event()
    wanted = {"task.created", "task.started", "task.completed", "task.failed", "task.edited", "task.approved"}

    def hear(event, card, story):
        seen[event] += 1
        if wanted | {"task.approvalRevoked"} <= seen.keys():
            enough.set()

    sandbox = SandboxServer(tasks=60, alive=True, pace=0.004, now=NOW)
    sandbox.world.listeners.append(hear)
    with sandbox:
        assert enough.wait(15), seen

    world = sandbox.world
    assert world.count() > 60
    cards = world.indexes.of(None, "updatedAt").cards
    assert [card.updated for card in cards] == sorted(card.updated for card in cards)
    assert all(card.created <= card.updated for card in cards)


def test_a_world_that_is_not_alive_stands_still():
    with SandboxServer(tasks=60, now=NOW) as sandbox:
        before = sandbox.world.revision
        sandbox.world.arrive()

        assert sandbox.world.clock.now() == sandbox.world.plan.anchor
        assert sandbox.world.revision == before + 1


def test_time_can_be_stopped_moved_and_set_going():
    clock = Clock(milliseconds(NOW), frozen=True)
    clock.advance(60)
    moved = clock.now()
    clock.freeze("2030-01-01T00:00:00Z")
    stopped = clock.now()
    clock.thaw()

    assert moved == 1795186860000
    assert stopped == 1893456000000
    assert 0 <= clock.now() - stopped < 5000


def test_a_restart_with_its_journal_goes_on_where_it_was(tmp_path):
    state = tmp_path / "deep" / "sandbox.jsonl"
    with SandboxServer(tasks=60, state=state) as first:
        world = first.world
        new = world.arrive(name="lone \ud83d \x00", output={"valor": 1})
        world.edit(new, {"valor": 2})
        world.approve(new)
        finished = world.arrive()
        world.finish(finished)
        world.delete(world.ids("failed")[0])
        with pytest.raises(Exception, match="Only an approved"):
            world.revoke(finished)
        before = [world.bodies.of(card, light=False) for card in world.cards.values()]

    with SandboxServer(tasks=60, state=state) as second:
        after = [second.world.bodies.of(card, light=False) for card in second.world.cards.values()]
        assert after == before
        assert second.world.ids() == world.ids()
        assert second.world.versions(new) == world.versions(new)
        second.world.approve(finished)

    with SandboxServer(tasks=60, state=state) as third:
        assert third.world.card(finished).status == "completed"


def test_a_journal_cut_short_by_a_kill_is_read_to_its_last_whole_line(tmp_path):
    state = tmp_path / "sandbox.jsonl"
    with SandboxServer(tasks=20, state=state) as first:
        kept = first.world.arrive()
    with state.open("ab") as file:
        file.write(b'["approve",["')

    with SandboxServer(tasks=20, state=state) as second:
        assert second.world.card(kept).status == "running"
        second.world.finish(kept)

    with SandboxServer(tasks=20, state=state) as third:
        assert third.world.card(kept).status == "validating"


def test_a_journal_of_another_world_is_refused(tmp_path):
    state = tmp_path / "sandbox.jsonl"
    SandboxServer(tasks=20, state=state).stop()

    with pytest.raises(ValueError, match="another world"):
        SandboxServer(tasks=21, state=state)


def started(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "telareview.sandbox", "--port", "0", "--tasks", "20", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("sandbox listening on http://127.0.0.1:")
    return process, line.split()[-1]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_the_process_says_where_it_is_and_ends_when_told(name):
    process, url = started("--key", "k1", "--envelope", "data", "--now", NOW, "--alive", "--pace", "60")
    try:
        answer = requests.get(f"{url}/task", headers={"Authorization": "Bearer k1"}, timeout=5)
        process.send_signal(getattr(signal, name))

        assert process.wait(5) == 0
    finally:
        process.kill()
        process.communicate()
    assert answer.json()["metadata"]["totalCount"] == 20


if sys.platform == "linux":

    def test_the_process_ends_with_its_parent():
        code = (
            "import subprocess, sys, time;"
            "child = subprocess.Popen([sys.executable, '-m', 'telareview.sandbox', '--port', '0', '--tasks', '5',"
            " '--with-parent'], stdout=subprocess.PIPE, text=True);"
            "print(child.pid, child.stdout.readline(), flush=True); time.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline().split()[0])
            handle = os.pidfd_open(child)
            parent.kill()

            ended, _, _ = select.select([handle], [], [], 5)
            os.close(handle)
        assert ended


def test_wrong_options_are_explained():
    for arguments in (["--faults", "rate=x"], ["--now", "soon"], ["--envelope", "odd"], ["--alive", "--pace", "0"]):
        command = [sys.executable, "-m", "telareview.sandbox", "--port", "0", "--tasks", "1", *arguments]

        done = subprocess.run(command, capture_output=True, text=True, timeout=20)

        assert done.returncode == 2
        assert "error" in done.stderr
        assert "Traceback" not in done.stderr
