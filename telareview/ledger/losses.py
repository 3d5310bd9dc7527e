"""What records have lost, and the sealed request that answers for each loss.

A loss without such a request is tampering. So is a request that was sealed before what it is said to have taken, and
one that took payloads where facts are gone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from telareview.ledger.material import Material

#: Scope of a request that takes payloads and leaves the facts.
PAYLOADS_ALONE = "payloads"


@dataclass(slots=True)
class Request:
    """One request to erase, as its own leaf tells it, and the leaves that lost something under it."""

    index: int
    number: int
    scope: str
    recorded_at: str
    reason: str
    facts: set[int] = field(default_factory=set)
    payloads: set[int] = field(default_factory=set)

    @property
    def leaves(self) -> list[tuple[int, int]]:
        """First and last of each run of leaves that lost something."""
        return runs(self.facts | self.payloads)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Something that is gone, and no request took it."""

    index: int
    #: Source and id.
    record: tuple[str, int]


@dataclass(slots=True)
class Losses:
    """Gathered leaf by leaf; requests come behind what they took, so they are joined last."""

    #: Record → its leaf.
    facts: dict[tuple[str, int], int] = field(default_factory=dict)
    payloads: dict[tuple[str, int], int] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    #: Record → the requests that name it, in the order of the tree.
    named: dict[tuple[str, int], list[Request]] = field(default_factory=dict)

    def look(self, each: Material) -> None:
        """Note what one record has lost, and what it tells to have been erased."""
        if each.leaf is None:
            return
        record = (each.source, each.record_id)
        if each.closed_text is not None and each.salt is None:
            self.facts[record] = each.index
        if each.commit is not None and each.payload_digest is None:
            self.payloads[record] = each.index
        if '"erases":' in each.leaf:
            self._note(each.index, json.loads(each.leaf))

    def _note(self, index: int, told: dict[str, Any]) -> None:
        try:
            request = Request(index, int(told["number"]), told["scope"], told["recordedAt"], told["reason"])
            records = [(str(source), int(number)) for source, number in told["erases"]]
        except (KeyError, TypeError, ValueError):
            # Nobody of ours wrote it: it differs from its leaf, and answers for nothing.
            return
        self.requests.append(request)
        for record in records:
            self.named.setdefault(record, []).append(request)

    def join(self) -> Iterator[Unanswered]:
        """Lay each loss to the first request that can have caused it, and tell of those that none can."""
        for lost, kind in ((self.facts, "facts"), (self.payloads, "payloads")):
            for record, index in lost.items():
                request = self._answering(record, index, facts=kind == "facts")
                if request is not None:
                    getattr(request, kind).add(index)
                elif kind == "facts" or record not in self.facts:
                    yield Unanswered(index, record)

    def _answering(self, record: tuple[str, int], index: int, *, facts: bool) -> Request | None:
        able = (
            each
            for each in self.named.get(record, ())
            if each.index > index and not (facts and each.scope == PAYLOADS_ALONE)
        )
        return next(able, None)

    @property
    def records(self) -> int:
        """How many have lost something."""
        return len(self.facts.keys() | self.payloads.keys())

    @property
    def answering(self) -> list[Request]:
        """The requests under which something is gone; to be asked after `join`."""
        return sorted((each for each in self.requests if each.facts or each.payloads), key=attrgetter("index"))


def runs(numbers: set[int]) -> list[tuple[int, int]]:
    """Numbers that follow each other as first and last."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def say_leaves(leaves: list[tuple[int, int]], most: int) -> str:
    """`leaves 0–4, 7 and 9–12`, cut after so many runs."""
    told = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in leaves[:most])
    rest = sum(last - first + 1 for first, last in leaves[most:])
    return f"leaves {told}" + (f" and {rest:,} more" if rest else "")
