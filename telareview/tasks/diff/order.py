"""What two sequences of integers have in common in the same order, in bounded work."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from operator import lt

#: Edits after which the exact search gives up; its work and memory grow with the square of this.
MAX_EDITS = 1_000


class Budget:
    """Steps that one comparison may still take in everything that grows faster than its size."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def take(self, steps: int) -> bool:
        """Whether so many steps were still there; if so they are spent."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


def longest_rising(values: Sequence[int]) -> list[int]:
    """Positions of a longest strictly rising subsequence, in order. n log n."""
    if all(map(lt, values, islice(values, 1, None))):
        return list(range(len(values)))
    smallest: list[int] = []  # the smallest value that ends a rising run of each length, and where it stands
    where: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        length = bisect_left(smallest, value)
        before.append(where[length - 1] if length else -1)
        if length == len(smallest):
            smallest.append(value)
            where.append(position)
        else:
            smallest[length] = value
            where[length] = position
    found: list[int] = []
    position = where[-1] if where else -1
    while position >= 0:
        found.append(position)
        position = before[position]
    found.reverse()
    return found


def common(left: Sequence[int], right: Sequence[int], budget: Budget) -> list[tuple[int, int]]:
    """Pairs of positions (left, right) with equal values, rising on both sides; as many as the budget allows.

    The most there are, if no value stands twice or if the two are near each other; else still a good many.
    """
    in_left, in_right = set(left), set(right)
    lefts = [position for position, value in enumerate(left) if value in in_right]
    rights = [position for position, value in enumerate(right) if value in in_left]
    shared_left = [left[position] for position in lefts]
    shared_right = [right[position] for position in rights]
    pairs = None
    if len(in_left & in_right) < max(len(lefts), len(rights)):
        pairs = _fewest_edits(shared_left, shared_right, budget)
    if pairs is None:
        pairs = _by_occurrence(shared_left, shared_right)
    return [(lefts[i], rights[j]) for i, j in pairs]


def _by_occurrence(left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
    """The n-th of a value goes with its n-th on the other side; of those pairs, the longest rising run."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for position in range(len(left) - 1, -1, -1):
        places[left[position]].append(position)
    pairs = [(places[value].pop(), position) for position, value in enumerate(right) if places[value]]
    return [pairs[position] for position in longest_rising([i for i, _ in pairs])]


def _fewest_edits(left: Sequence[int], right: Sequence[int], budget: Budget) -> list[tuple[int, int]] | None:
    """The longest common subsequence by Myers' greedy search (1986); None if it would take too long."""
    n, m = len(left), len(right)
    limit = min(n + m, MAX_EDITS)
    offset = limit + 1
    reach = [0] * (2 * limit + 3)
    trace: list[list[int]] = []
    walked = 0
    for edits in range(limit + 1):
        if not budget.take(edits + 1 + walked):
            return None
        walked = 0
        for diagonal in range(-edits, edits + 1, 2):
            at = diagonal + offset
            if diagonal == -edits or (diagonal != edits and reach[at - 1] < reach[at + 1]):
                x = reach[at + 1]
            else:
                x = reach[at - 1] + 1
            y = x - diagonal
            start = x
            while x < n and y < m and left[x] == right[y]:
                x += 1
                y += 1
            walked += x - start
            reach[at] = x
            if x >= n and y >= m:
                return _walk_back(trace, edits, diagonal, n, m)
        trace.append(reach[offset - edits : offset + edits + 1])
    return None


def _walk_back(trace: list[list[int]], edits: int, diagonal: int, x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for step in range(edits, 0, -1):
        reach = trace[step - 1]  # holds the diagonals -(step - 1) … step - 1

        def far(on: int, reach: list[int] = reach, step: int = step) -> int:
            return reach[on + step - 1] if -step < on < step else -1

        down = diagonal == -step or (diagonal != step and far(diagonal - 1) < far(diagonal + 1))
        previous = diagonal + 1 if down else diagonal - 1
        from_x = far(previous)
        from_y = from_x - previous
        start_x = from_x if down else from_x + 1
        while x > start_x:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y, diagonal = from_x, from_y, previous
    while x > 0 and y > 0:
        x, y = x - 1, y - 1
        pairs.append((x, y))
    pairs.reverse()
    return pairs
