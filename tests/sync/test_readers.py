"""Pages are read by processes beside this one, and nobody can tell by the result."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from telareview.sandbox import SandboxServer
from telareview.sync import backfill
from telareview.sync.prepared import read_prepared
from telareview.sync.pull import pull_tasks
from telareview.sync.readers import Readers
from telareview.tela import Reply, TaskQuery, UnreadableReply
from tests.sync.tela import NOW, client_of, connect, held_by, mirrored_by
from tests.sync.test_gathering import waited_for
from tests.tasks.hostile import TEXTS
from tests.tela.rows import numbered_row, task_row

QUERY = TaskQuery(limit=100)
FIRST = Reply(200, b"[]", None, None)


class Eager(Readers):
    """Begins at once, and waits until every process can read."""

    def __init__(self, processes):
        super().__init__(processes, pages_before=0)

    def read(self, reply, query):
        page = super().read(reply, query)
        assert waited_for(self._ready.is_set)
        return page


@pytest.fixture
def readers():
    """One process, which can read."""
    with Eager(1) as one:
        one.read(FIRST, QUERY)
        yield one


def reply_of(*rows):
    return Reply(200, json.dumps(list(rows)).encode(), None, None)


def pids_of(readers):
    return [each._process.pid for each in readers._started]


def derived(page):
    """All that the mirror takes from a page, but for salts and what hangs on them."""
    return [
        (each.record, each.record.raw, each.facts, each.content_hash, each.searchable_json)
        for each in page.snapshots.values()
    ]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_page_read_beside_is_the_page_read_here(readers):
    rows = [numbered_row(number, name=text, tags=[text]) for number, text in enumerate(TEXTS)]
    edits = {"editedFields": [{"path": text, "author": text, "previousValue": {text: 1.10}} for text in TEXTS]}
    reply = reply_of(*rows, task_row(metadata=edits), {"id": 7}, "no row")

    beside, here = readers.read(reply, QUERY), read_prepared(reply, QUERY)

    assert beside.tasks[0]._raw is None, "it was read in this process"
    assert derived(beside) == derived(here)
    assert (beside.tasks, beside.rejected, beside.row_count) == (here.tasks, here.rejected, here.row_count)
    assert len(beside.rejected) == 2
    assert [each.record for each in beside.snapshots.values()] == list(beside.tasks)


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b'[{"id": ', b"", b'{"error": "no"}', b"\xff"])
def test_a_reply_that_cannot_be_read_says_why_as_ever(readers, body):
    reply = Reply(200, body, None, None)

    with pytest.raises(UnreadableReply) as here:
        read_prepared(reply, QUERY)
    with pytest.raises(UnreadableReply) as beside:
        readers.read(reply, QUERY)

    assert str(beside.value) == str(here.value)
    assert readers.read(reply_of(task_row()), QUERY).tasks[0]._raw is None, "the process goes on"


def test_of_many_threads_each_gets_the_page_of_its_own_reply():
    with Eager(2) as readers, ThreadPoolExecutor(8) as pool:
        readers.read(FIRST, QUERY)
        replies = [reply_of(numbered_row(number, reference=number)) for number in range(200)]
        pages = list(pool.map(lambda reply: readers.read(reply, QUERY), replies))

    assert [page.tasks[0].reference for page in pages] == list(range(200))


def test_a_killed_process_is_missed_by_nobody():
    with Eager(1) as readers, ThreadPoolExecutor(6) as pool:
        readers.read(FIRST, QUERY)
        replies = [reply_of(*(numbered_row(row, reference=number) for row in range(50))) for number in range(60)]
        coming = [pool.submit(readers.read, reply, QUERY) for reply in replies]
        coming[5].result()
        os.kill(pids_of(readers)[0], signal.SIGKILL)
        pages = [each.result(timeout=60) for each in coming]

    assert [page.tasks[0].reference for page in pages] == list(range(60))


def test_a_process_that_cannot_begin_is_missed_by_nobody(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Readers(1, pages_before=0) as readers:
        assert all(readers.read(reply_of(task_row()), QUERY).tasks for _ in range(20))


def test_the_first_pages_are_read_here_and_start_no_process():
    with Readers(1) as readers:
        for _ in range(10):
            readers.read(reply_of(task_row()), QUERY)
        assert pids_of(readers) == []


def test_processes_end_with_those_who_asked():
    with Eager(2) as readers:
        readers.read(FIRST, QUERY)
        pids = pids_of(readers)
        assert all(map(is_alive, pids))

    assert not any(map(is_alive, pids))


PROGRAM = """
import sys, time
from django.conf import settings
settings.configure(BASE_DIR=sys.argv[1])
from telareview.sync.readers import Readers
from telareview.tela import Reply, TaskQuery
readers = Readers(1, pages_before=0)
readers.read(Reply(200, b"[]", None, None), TaskQuery())
readers._ready.wait()
print(readers._started[0]._process.pid, flush=True)
time.sleep(60)
"""


def test_a_process_ends_when_the_one_that_asked_is_killed():
    root = Path(__file__).resolve().parents[2]
    asking = subprocess.Popen([sys.executable, "-c", PROGRAM, str(root)], cwd=root, stdout=subprocess.PIPE, text=True)
    pid = int(asking.stdout.readline())
    assert is_alive(pid)

    asking.kill()
    asking.wait()
    asking.stdout.close()

    assert waited_for(lambda: not is_alive(pid)), "it was left behind"


def test_the_key_is_not_told_to_them(monkeypatch, readers):
    monkeypatch.setenv("TELA_API_KEY", "sk-a-key-that-stays")
    with Eager(1) as others:
        others.read(FIRST, QUERY)
        environment = Path(f"/proc/{pids_of(others)[0]}/environ").read_bytes()

    assert b"TELA" not in environment
    assert b"DATABASE" not in environment


def test_a_fill_through_them_holds_every_task_to_the_letter(transactional_db, acme, monkeypatch):
    with SandboxServer(tasks=700, now=NOW) as tela:
        workspace = connect(acme, tela)
        used = []

        class Noted(Eager):
            def read(self, reply, query):
                page = super().read(reply, query)
                used.append(all(each.record._raw is None for each in page.snapshots.values()))
                return page

        monkeypatch.setattr(backfill, "Readers", Noted)
        with client_of(tela) as client:
            run = pull_tasks(workspace, client, connections=4)

        assert (run.outcome, run.error) == ("complete", "")
        # Also of the 300 of one moment, which are read several times.
        assert (run.fetched, run.new) == (700, 700)
        assert mirrored_by(workspace) == held_by(tela)
        assert used.count(True) > 5
