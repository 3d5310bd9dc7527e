"""Which item of the left list each item of the right list comes from.

In this order: equal items at both ends; items that share an identifying key, else the longest common subsequence of
equal items; equal items that moved; in each gap that is left, the items most alike. Items without a partner were
added or removed. Everything that grows faster than the lists draws on one budget of steps for the whole comparison;
when it is spent, gaps are paired position by position and the result says so.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from telareview.tasks.diff.formatting import same_value
from telareview.tasks.diff.identifying import identifying_pairs
from telareview.tasks.diff.identity import Identities
from telareview.tasks.diff.order import Budget, common, longest_rising
from telareview.tasks.diff.values import Json, type_name

#: Items of the left times items of the right in one gap, above which likeness is not worked out.
MAX_GAP_PAIRS = 40_000
#: Likeness from which two items are the same one, changed (0 nothing alike, 1 equal).
ALIKE = 0.3
#: Steps of the budget that one comparison of two small items takes; about a microsecond each.
STEPS_PER_PAIR = 4


@dataclass(frozen=True, slots=True)
class Alignment:
    """`sources[j]` is the position in the left list of what stands at `j` in the right list; None if it was added."""

    sources: tuple[int | None, ...]
    #: Whether some part was too large and was paired position by position.
    by_position: bool


class Aligner:
    """Pairs two lists. `between` is known at once: the bounds (start, left end, right end) of what differs."""

    def __init__(self, left: list[Json], right: list[Json], identities: Identities, budget: Budget) -> None:
        self.left, self.right, self.identities, self.budget = left, right, identities, budget
        self.left_ids = identities.children(identities.of(left))
        self.right_ids = identities.children(identities.of(right))
        self.sources: list[int | None] = [None] * len(right)
        self.taken = [False] * len(left)
        self.identified = False
        self.by_position = False
        self.between = self._pair_ends()

    @property
    def new(self) -> int:
        """How many distinct items stand on the right only."""
        start, left_end, right_end = self.between
        return len(set(self.right_ids[start:right_end]).difference(self.left_ids[start:left_end]))

    @property
    def span(self) -> int:
        """How many items lie between the equal ends, on the longer side."""
        start, left_end, right_end = self.between
        return max(left_end, right_end) - start

    def align(self) -> Alignment:
        """The pairing. Bounded: n log n, and what the budget allows."""
        start, left_end, right_end = self.between
        if start < left_end and start < right_end:
            lefts, rights = range(start, left_end), range(start, right_end)
            pairs = identifying_pairs(self.left[start:left_end], self.right[start:right_end], self.identities)
            self.identified = bool(pairs)
            if not pairs:
                pairs = common(self.left_ids[start:left_end], self.right_ids[start:right_end], self.budget)
            for i, j in pairs:
                self._pair(start + i, start + j)
            self._pair_moved(lefts, rights)
            for gap in list(self._gaps(start, left_end, right_end)):
                self._pair_gap(*gap)
        return Alignment(tuple(self.sources), self.by_position)

    def _pair(self, i: int, j: int) -> None:
        self.sources[j] = i
        self.taken[i] = True

    def _pair_ends(self) -> tuple[int, int, int]:
        """Pairs the equal items at the start and at the end; the bounds of what is left between."""
        left_ids, right_ids = self.left_ids, self.right_ids
        left_end, right_end = len(left_ids), len(right_ids)
        start = 0
        while start < left_end and start < right_end and left_ids[start] == right_ids[start]:
            self._pair(start, start)
            start += 1
        while left_end > start and right_end > start and left_ids[left_end - 1] == right_ids[right_end - 1]:
            left_end -= 1
            right_end -= 1
            self._pair(left_end, right_end)
        return start, left_end, right_end

    def _pair_moved(self, lefts: range, rights: range) -> None:
        """Pairs equal items that are the only ones of their kind; of several equal ones none can be said to move."""
        times, other_times = Counter(self.left_ids[i] for i in lefts), Counter(self.right_ids[j] for j in rights)
        free = {self.left_ids[i]: i for i in lefts if not self.taken[i] and times[self.left_ids[i]] == 1}
        for j in rights:
            identity = self.right_ids[j]
            if self.sources[j] is None and identity in free and other_times[identity] == 1:
                self._pair(free[identity], j)

    def _gaps(self, start: int, left_end: int, right_end: int) -> Iterator[tuple[list[int], list[int]]]:
        """Unpaired positions on both sides, between neighbours of the longest run of pairs that kept their order."""
        paired = [(i, j) for j in range(start, right_end) if (i := self.sources[j]) is not None]
        kept = [paired[at] for at in longest_rising([i for i, _ in paired])]
        for (i, j), (next_i, next_j) in pairwise([(start - 1, start - 1), *kept, (left_end, right_end)]):
            lefts = [at for at in range(i + 1, next_i) if not self.taken[at]]
            rights = [at for at in range(j + 1, next_j) if self.sources[at] is None]
            if lefts and rights:
                yield lefts, rights

    def _pair_gap(self, lefts: list[int], rights: list[int]) -> None:
        if len(lefts) == len(rights) == 1 and not self.identified:
            self._pair(lefts[0], rights[0])
            return
        size = len(lefts) * len(rights)
        widest = max(len(self.identities.children(self.left_ids[i])) for i in lefts)
        if size > MAX_GAP_PAIRS or not self.budget.take(size * STEPS_PER_PAIR * (1 + widest // 16)):
            if not self.identified:  # items with other keys are other items, unless likeness says more
                self.by_position = True
                self._pair_by_position(lefts, rights)
            return
        pairs = self._most_alike(lefts, rights)
        for i, j in pairs:
            self._pair(i, j)
        if self.identified:
            return
        ends = (lefts[-1] + 1, rights[-1] + 1)
        for (i, j), (next_i, next_j) in pairwise([(lefts[0] - 1, rights[0] - 1), *pairs, ends]):
            rest = [at for at in lefts if i < at < next_i]
            other_rest = [at for at in rights if j < at < next_j]
            if len(rest) == len(other_rest):
                self._pair_by_position(rest, other_rest)

    def _pair_by_position(self, lefts: list[int], rights: list[int]) -> None:
        for i, j in zip(lefts, rights, strict=False):
            if type_name(self.left[i]) == type_name(self.right[j]):
                self._pair(i, j)

    def _most_alike(self, lefts: list[int], rights: list[int]) -> list[tuple[int, int]]:
        """The pairs in order on both sides whose likeness adds up to most, each at least `ALIKE`."""
        best = [[0.0] * (len(rights) + 1) for _ in range(len(lefts) + 1)]
        likeness = _Likeness(self.identities)
        paired: set[tuple[int, int]] = set()
        for row, i in enumerate(lefts, 1):
            above, here = best[row - 1], best[row]
            for column, j in enumerate(rights, 1):
                here[column] = max(above[column], here[column - 1])
                alike = likeness.of(self.left[i], self.left_ids[i], self.right[j], self.right_ids[j])
                if alike >= ALIKE and above[column - 1] + alike > here[column]:
                    here[column] = above[column - 1] + alike
                    paired.add((row, column))
        row, column = len(lefts), len(rights)
        pairs: list[tuple[int, int]] = []
        while row and column:
            if (row, column) in paired:
                row, column = row - 1, column - 1
                pairs.append((lefts[row], rights[column]))
            elif best[row - 1][column] >= best[row][column - 1]:
                row -= 1
            else:
                column -= 1
        pairs.reverse()
        return pairs


class _Likeness:
    def __init__(self, identities: Identities) -> None:
        self.identities = identities
        self._parts: dict[int, frozenset[object]] = {}

    def of(self, left: Json, left_id: int, right: Json, right_id: int) -> float:
        name = type_name(left)
        if name != type_name(right):
            return 0.9 if same_value(left, right) else 0.0
        if name == "object":
            return self._objects(left_id, right_id)
        if name == "list":
            parts, other_parts = self._of_list(left_id), self._of_list(right_id)
            return (len(parts & other_parts) + 0.1) / (max(len(parts), len(other_parts)) + 0.1)
        if same_value(left, right):
            return 0.9
        return _same_ends(left, right) if isinstance(left, str) and isinstance(right, str) else 0.0

    def _objects(self, left_id: int, right_id: int) -> float:
        keys, other_keys = self.identities.keys(left_id), self.identities.keys(right_id)
        if keys == other_keys:
            shared = sum(map(int.__eq__, self.identities.children(left_id), self.identities.children(right_id)))
            return (shared + 0.25 * (len(keys) - shared)) / max(len(keys), 1)
        shared = len(self._of_object(left_id, keys) & self._of_object(right_id, other_keys))
        common_keys = len(set(keys) & set(other_keys))
        every_key = len(keys) + len(other_keys) - common_keys
        return (shared + 0.25 * (common_keys - shared)) / max(every_key, 1)

    def _of_object(self, identity: int, keys: Sequence[str]) -> frozenset[object]:
        if identity not in self._parts:
            self._parts[identity] = frozenset(zip(keys, self.identities.children(identity), strict=True))
        return self._parts[identity]

    def _of_list(self, identity: int) -> frozenset[object]:
        if identity not in self._parts:
            self._parts[identity] = frozenset(self.identities.children(identity))
        return self._parts[identity]


def _same_ends(left: str, right: str) -> float:
    """Equal characters at the start and the end of two texts, as a share of the longer; a cheap likeness."""
    shorter = min(len(left), len(right), 200)
    start = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    return 0.9 * (start + end) / max(len(left), len(right), 1)
