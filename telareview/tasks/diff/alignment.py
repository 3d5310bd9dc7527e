"""Which item of the left list each item of the right list comes from.

In this order: equal items at both ends; items that share an identifying key, else the longest common subsequence of
equal items; equal items that moved; in each gap that is left, the items most alike. Items without a partner were
added or removed. Everything that grows faster than the lists draws on one budget of steps for the whole comparison;
when it is spent, gaps are paired position by position and the result says so.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from operator import ne

from telareview.tasks.diff.formatting import same_value
from telareview.tasks.diff.identifying import identifying_pairs
from telareview.tasks.diff.identity import Identities, Identity
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
        self.left_marks, self.right_marks = identities.of_each(left), identities.of_each(right)
        self.sources: list[int | None] = [None] * len(right)
        self.taken = [False] * len(left)
        self.identified = False
        self.by_position = False
        self.between = self._pair_ends()

    @property
    def new(self) -> int:
        """How many distinct items stand on the right only."""
        start, left_end, right_end = self.between
        return len(set(self.right_marks[start:right_end]).difference(self.left_marks[start:left_end]))

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
                numbers: dict[Identity, int] = {}
                left_numbers = _numbered(self.left_marks[start:left_end], numbers)
                right_numbers = _numbered(self.right_marks[start:right_end], numbers)
                pairs = common(left_numbers, right_numbers, self.budget)
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
        left, right = self.left_marks, self.right_marks
        shorter = min(len(left), len(right))
        start = next((at for at, differ in enumerate(map(ne, left, right)) if differ), shorter)
        backwards = islice(map(ne, reversed(left), reversed(right)), shorter - start)
        end = next((at for at, differ in enumerate(backwards) if differ), shorter - start)
        left_end, right_end = len(left) - end, len(right) - end
        self.sources[:start] = range(start)
        self.sources[right_end:] = range(left_end, len(left))
        self.taken[:start] = [True] * start
        self.taken[left_end:] = [True] * end
        return start, left_end, right_end

    def _pair_moved(self, lefts: range, rights: range) -> None:
        """Pairs equal items that are the only ones of their kind; of several equal ones none can be said to move."""
        coming = {self.right_marks[j] for j in rights if self.sources[j] is None}
        free = {self.left_marks[i]: i for i in lefts if not self.taken[i] and self.left_marks[i] in coming}
        if not free:
            return
        times, other_times = Counter(self.left_marks[i] for i in lefts), Counter(self.right_marks[j] for j in rights)
        for j in rights:
            mark = self.right_marks[j]
            if self.sources[j] is None and mark in free and times[mark] == other_times[mark] == 1:
                self._pair(free[mark], j)

    def _gaps(self, start: int, left_end: int, right_end: int) -> Iterator[tuple[list[int], list[int]]]:
        """Unpaired positions on both sides, between neighbours of the longest run of pairs that kept their order."""
        paired = [(i, j) for j in range(start, right_end) if (i := self.sources[j]) is not None]
        kept = [paired[at] for at in longest_rising([i for i, _ in paired])]
        for (i, j), (next_i, next_j) in pairwise([(start - 1, start - 1), *kept, (left_end, right_end)]):
            if next_i == i + 1 or next_j == j + 1:
                continue
            lefts = [at for at in range(i + 1, next_i) if not self.taken[at]]
            rights = [at for at in range(j + 1, next_j) if self.sources[at] is None]
            if lefts and rights:
                yield lefts, rights

    def _pair_gap(self, lefts: list[int], rights: list[int]) -> None:
        if len(lefts) == len(rights) == 1 and not self.identified:
            self._pair(lefts[0], rights[0])
            return
        size = len(lefts) * len(rights)
        widest = max(_width(self.left[i]) for i in lefts)
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
                alike = likeness.of(self.left[i], self.right[j])
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
    """How much alike two items are, from 0 to 1."""

    def __init__(self, identities: Identities) -> None:
        self.identities = identities
        self._parts: dict[int, frozenset[object]] = {}

    def of(self, left: Json, right: Json) -> float:
        if isinstance(left, dict) and isinstance(right, dict):
            return self._objects(left, right)
        if isinstance(left, list) and isinstance(right, list):
            parts, other_parts = self._items(left), self._items(right)
            return (len(parts & other_parts) + 0.1) / (max(len(parts), len(other_parts)) + 0.1)
        if same_value(left, right):
            return 0.9
        return _same_ends(left, right) if isinstance(left, str) and isinstance(right, str) else 0.0

    def _objects(self, left: dict[str, Json], right: dict[str, Json]) -> float:
        shared = len(self._fields(left) & self._fields(right))
        shared_keys = len(left) if left.keys() == right.keys() else len(left.keys() & right.keys())
        every_key = len(left) + len(right) - shared_keys
        return (shared + 0.25 * (shared_keys - shared)) / max(every_key, 1)

    def _fields(self, value: dict[str, Json]) -> frozenset[object]:
        if id(value) not in self._parts:
            marks = self.identities.of_each([*value.values()])
            self._parts[id(value)] = frozenset(zip(value, marks, strict=True))
        return self._parts[id(value)]

    def _items(self, value: list[Json]) -> frozenset[object]:
        if id(value) not in self._parts:
            self._parts[id(value)] = frozenset(self.identities.of_each(value))
        return self._parts[id(value)]


def _numbered(marks: Sequence[Identity], numbers: dict[Identity, int]) -> list[int]:
    """A number for each mark, small and quick to compare, unlike texts."""
    return [numbers.setdefault(mark, len(numbers)) for mark in marks]


def _width(value: Json) -> int:
    return len(value) if isinstance(value, dict | list) else 0


def _same_ends(left: str, right: str) -> float:
    """Equal characters at the start and the end of two texts, as a share of the longer; a cheap likeness."""
    shorter = min(len(left), len(right), 200)
    start = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    return 0.9 * (start + end) / max(len(left), len(right), 1)
