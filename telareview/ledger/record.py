"""A workspace's sealed history as files for a stranger: `verifier.py` compares them without us."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.ledger.material import Material, one_state, read_material
from telareview.ledger.models import Checkpoint, SigningKey
from telareview.ledger.notes import verifier_key

#: What `verifier.py` reads.
FORMAT = "telareview history record 1"
EVENTS, CHECKPOINTS, ABOUT, EXPLANATION = "events.jsonl", "checkpoints.txt", "record.json", "README.txt"
VERIFIER = Path(__file__).with_name("verifier.py")

README = """\
A record of everything that telareview has seen of the tasks of one workspace, as it was sealed.

record.json      what this is: the name of the tree, how many leaves, the public keys
events.jsonl     one line for each leaf: the text that was hashed, and what it was made from
checkpoints.txt  every signed root (C2SP signed notes, Ed25519)
verifier.py      checks all of it with nothing but Python 3.12 or newer: no network, no database

    python verifier.py history .

compares the record with itself. To learn that it is also the history that was signed at the time, give the checkpoints
that you have received meanwhile, and the key that you were told:

    python verifier.py history . --checkpoint FILE --key KEY

A leaf is SHA-256(0x00 || text), a node SHA-256(0x01 || left || right), as in RFC 6962. "closed" in the text is
SHA-256(salt || closed), "payload" is SHA-256(salt || text of the payload). The verifier that came from elsewhere than
this record is the better witness.
"""


@dataclass(frozen=True, slots=True)
class Record:
    """What was written."""

    name: str
    leaves: int
    checkpoints: int


def write_record(
    workspace: Workspace, folder: Path, *, payloads: bool = True, progress: Callable[[int], object] = lambda _: None
) -> Record:
    """Write the record of one moment into an empty folder. `progress` is told the leaves written, now and then.

    Leaves that no checkpoint covers cannot be: a seal writes both together. Raises OSError.
    """
    with one_state():
        keys = list(SigningKey.objects.filter(workspace=workspace).order_by("pk"))
        notes = Checkpoint.objects.filter(workspace=workspace).order_by("size").values_list("note", flat=True)
        checkpoints = leaves = 0
        with (folder / CHECKPOINTS).open("w", encoding="utf-8", newline="\n") as file:
            for note in notes.iterator():
                file.write(note)
                checkpoints += 1
        with (folder / EVENTS).open("w", encoding="utf-8", newline="\n") as file:
            for each in read_material(workspace, payloads=payloads):
                file.write(json.dumps(_event(each, payloads=payloads), ensure_ascii=False, separators=(",", ":")))
                file.write("\n")
                leaves += 1
                if leaves % 1_000 == 0:
                    progress(leaves)
    name = keys[0].name if keys else f"telareview/{workspace.slug}"
    about = {
        "format": FORMAT,
        "name": name,
        "leaves": leaves,
        "payloads": payloads,
        "keys": [verifier_key(key.name, bytes(key.public_key)) for key in keys],
        "madeAt": timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (folder / EXPLANATION).write_text(README, encoding="utf-8")
    (folder / VERIFIER.name).write_bytes(VERIFIER.read_bytes())
    return Record(name, leaves, checkpoints)


def _event(each: Material, *, payloads: bool) -> dict[str, Any]:
    event: dict[str, Any] = {
        "index": each.index,
        "record": each.source,
        "id": each.record_id,
        "hash": each.hash.hex(),
        "leaf": each.leaf,
        "closed": each.closed_text,
        "salt": None if each.salt is None else each.salt.hex(),
    }
    if payloads:
        has_payload = each.payload_salt is not None and each.payload is not None
        event["payload"] = {"salt": (each.payload_salt or b"").hex(), "text": each.payload} if has_payload else None
    return event
