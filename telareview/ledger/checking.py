"""Is the history in the database the one that was sealed? Leaves are recomputed, roots compared with what was signed.

Everything that differs is told with its place. What left the house is compared as well: whoever owns the database can
make its leaves and checkpoints agree again, but not with those that others keep.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from telareview.accounts.models import Workspace
from telareview.ledger.losses import Losses, Request
from telareview.ledger.material import Material, one_state, read_material
from telareview.ledger.merkle import Frontier, leaf_hash
from telareview.ledger.models import Checkpoint, SigningKey
from telareview.ledger.notes import Note, read_notes
from telareview.ledger.sealing import unsealed

BLANK: tuple[Any, ...] = (None, "", [])
#: Last leaf of what may be wrong up to the end.
BEYOND = 2**63


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that is not as it was sealed."""

    #: The first leaf that it may concern.
    index: int
    #: The last one.
    last: int
    #: Short name of what is wrong.
    code: str
    sentence: str


@dataclass(slots=True)
class Verdict:
    """What a check of one workspace found."""

    name: str
    leaves: int = 0
    checkpoints: int = 0
    payloads: int = 0
    #: Records whose closed columns or payload are gone, and the requests that answer for it.
    erased: int = 0
    requests: list[Request] = field(default_factory=list)
    unsealed: int = 0
    waiting_since: datetime | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Outside:
    """Checkpoints that left the house, and where they were found."""

    where: str
    text: str
    #: Whether it is wrong that nothing about the tree stands there.
    must: bool = True


def check(workspace: Workspace, outside: Iterable[Outside] = ()) -> Verdict:
    """Compare one workspace's history with its seals, and with checkpoints that others kept. Writes nothing."""
    with one_state():
        return _check(workspace, outside)


def _check(workspace: Workspace, outside: Iterable[Outside]) -> Verdict:
    keys = list(SigningKey.objects.filter(workspace=workspace).order_by("pk"))
    verdict = Verdict(keys[0].name if keys else f"telareview/{workspace.slug}")
    signed = _signed(workspace, keys, outside, verdict)
    frontier, agrees = Frontier(), True
    #: Where checkpoints stand → the largest size at which all of them agreed so far; and where one did not.
    agreed: dict[str, int] = {}
    differs: set[str] = set()
    losses = Losses()
    for each in read_material(workspace, payloads=False):
        if each.index != verdict.leaves:
            gap = f"leaf {verdict.leaves} is missing, leaf {each.index} follows"
            verdict.problems.append(Problem(verdict.leaves, each.index - 1, "leaf_missing", gap))
            verdict.leaves, agrees = each.index, False
        verdict.leaves += 1
        verdict.problems += _differences(each)
        verdict.payloads += each.payload_digest is not None
        losses.look(each)
        frontier.append(each.hash)
        if agrees and frontier.size in signed:
            _compare(frontier, signed[frontier.size], agreed, differs, verdict)
    _ends_well(signed, agreed, verdict)
    for gone in losses.join():
        what = "leaf {}: {} {}".format(gone.index, *gone.record)
        said = f"{what} has lost what it said, and no sealed record tells of an erasure"
        verdict.problems.append(Problem(gone.index, gone.index, "blanked", said))
    verdict.erased, verdict.requests = losses.records, losses.answering
    verdict.unsealed, verdict.waiting_since = unsealed(workspace)
    verdict.problems.sort()
    return verdict


def _differences(each: Material) -> Iterator[Problem]:
    """What one record says otherwise than its leaf."""
    what = f"leaf {each.index}: {each.source} {each.record_id}"
    if each.leaf is None:
        yield Problem(each.index, each.index, "record_missing", f"{what} was sealed, and is not there any more")
        return
    if leaf_hash(each.leaf.encode()) != each.hash:
        yield Problem(each.index, each.index, "altered", f"{what} says something else than what was sealed")
    if each.closed_text is None:
        return
    if each.salt is None:
        if any(value not in BLANK for value in json.loads(each.closed_text).values()):
            said = f"{what} has lost its salt, but not what an erasure takes away"
            yield Problem(each.index, each.index, "not_blank", said)
    elif sha256(each.salt + each.closed_text.encode()).digest() != each.closed:
        said = f"{what}: names, tags or paths are not those that were sealed"
        yield Problem(each.index, each.index, "closed_altered", said)
    if each.commit is not None and each.payload_digest not in (None, each.commit):
        yield Problem(each.index, each.index, "payload_altered", f"{what}: its payload is not the one that was sealed")


def _signed(
    workspace: Workspace, keys: list[SigningKey], outside: Iterable[Outside], verdict: Verdict
) -> dict[int, list[tuple[bytes, str]]]:
    """Size → roots that were signed for it, and where they stand."""
    signed: dict[int, list[tuple[bytes, str]]] = {}
    stored = Checkpoint.objects.filter(workspace=workspace).order_by("size").values_list("size", "root", "note")
    for size, root, text in stored.iterator():
        where = "the database"
        notes = _read(text, where, verdict)
        if [(each.size, each.root) for each in notes] != [(size, bytes(root))]:
            said = f"the checkpoint of {size} leaves in the database contradicts its own note"
            verdict.problems.append(Problem(size, size, "checkpoint_altered", said))
        _believe(notes, where, keys, verdict, signed)
    for each in outside:
        _believe(_read(each.text, each.where, verdict, must=each.must), each.where, keys, verdict, signed)
    return signed


def _read(text: str, where: str, verdict: Verdict, *, must: bool = False) -> list[Note]:
    """The notes about this tree."""
    try:
        notes = [each for each in read_notes(text) if each.name == verdict.name]
    except ValueError as error:
        verdict.problems.append(Problem(0, BEYOND, "note_unreadable", f"{where}: {error}"))
        return []
    if must and not notes:
        said = f"{where} has no checkpoint of {verdict.name}: nothing was compared with it"
        verdict.problems.append(Problem(0, BEYOND, "nothing_compared", said))
    return notes


def _believe(
    notes: list[Note],
    where: str,
    keys: list[SigningKey],
    verdict: Verdict,
    signed: dict[int, list[tuple[bytes, str]]],
) -> None:
    for note in notes:
        verdict.checkpoints += 1
        if not note.is_signed_by(keys):
            said = f"{where}: the checkpoint of {note.size} leaves is not signed with a key of this tree"
            verdict.problems.append(Problem(note.size, note.size, "not_signed", said))
        signed.setdefault(note.size, []).append((note.root, where))


def _compare(
    frontier: Frontier,
    signed: list[tuple[bytes, str]],
    agreed: dict[str, int],
    differs: set[str],
    verdict: Verdict,
) -> None:
    """The tree's root with those that were signed, each witness by itself: one that was bribed shall cover nothing."""
    root = frontier.root()
    for each, where in signed:
        if where in differs:
            continue
        if each == root:
            agreed[where] = frontier.size
            continue
        differs.add(where)
        good = agreed.get(where, 0)
        between = f"what was altered lies from leaf {good} to leaf {frontier.size - 1}"
        said = f"{where}: another root was signed over {frontier.size} leaves; {between}"
        verdict.problems.append(Problem(good, frontier.size - 1, "other_root", said))


def _ends_well(signed: dict[int, list[tuple[bytes, str]]], agreed: dict[str, int], verdict: Verdict) -> None:
    beyond = {where: size for size in sorted(signed) if size > verdict.leaves for _root, where in signed[size]}
    for where, size in beyond.items():
        good = agreed.get(where, 0)
        between = f"the first that is missing or altered lies from leaf {good} to leaf {verdict.leaves}"
        said = f"{where}: {size} leaves were signed, the tree ends after {verdict.leaves}; {between}"
        verdict.problems.append(Problem(good, verdict.leaves, "cut_off", said))
    if verdict.leaves and verdict.leaves not in signed:
        good = max(agreed.values(), default=0)
        said = f"no checkpoint is signed over all {verdict.leaves} leaves; the last good one is over {good}"
        verdict.problems.append(Problem(good, verdict.leaves - 1, "not_signed", said))
