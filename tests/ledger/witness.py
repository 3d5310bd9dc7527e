"""The stand-alone verifier as a stranger has it: the file alone, in this process or in one of its own."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from telareview.ledger.models import Checkpoint
from telareview.ledger.record import VERIFIER, write_record

spec = importlib.util.spec_from_file_location("a_strangers_verifier", VERIFIER)
assert spec is not None
assert spec.loader is not None
verifier: Any = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = verifier
spec.loader.exec_module(verifier)


class Here:
    """Stands for a pool of processes: everything happens at once, here."""

    imap = staticmethod(map)

    @staticmethod
    def map(work, tasks, _chunk=None):
        return [work(task) for task in tasks]


def record_of(workspace: Any, folder: Path, **options: Any) -> Path:
    folder.mkdir()
    write_record(workspace, folder, **options)
    return folder


def notes_of(workspace: Any) -> str:
    """What a place outside has received so far."""
    return "".join(Checkpoint.objects.filter(workspace=workspace).order_by("size").values_list("note", flat=True))


def problems(record: Path, outside: Iterable[Path] = (), key: str | None = None) -> list[tuple[int, int, str]]:
    """What the verifier has to say against a record."""
    history = verifier.History(record, [str(each) for each in outside], key)
    history.check(Here)
    return sorted(history.problems)


def run(*words: Any) -> subprocess.CompletedProcess[str]:
    """The verifier in a process of its own, without the product on its path."""
    return subprocess.run(
        [sys.executable, "-I", str(VERIFIER), *map(str, words)], capture_output=True, text=True, cwd="/", timeout=120
    )
