"""Which characters of two texts differ, for `<del>` and `<ins>`."""

import re
from collections.abc import Iterable, Iterator

from telareview.tasks.diff.order import Budget, common

#: Pieces of one text in order; True marks what stands in this text only.
type Marks = tuple[tuple[str, bool], ...]

#: What differs is looked into up to this length, and marked as a whole beyond it. Characters.
MAX_MARKED_CHARS = 1_000
#: Equal text that is kept before and after what differs. Characters.
CONTEXT_CHARS = 300
#: Words that are replaced by others are looked into up to this length, and only if so much of the longer is equal.
MAX_REFINED_CHARS = 200
MIN_EQUAL_SHARE = 0.5
#: Longer runs of letters and digits are no word. Characters.
MAX_WORD_CHARS = 60
#: Steps for one pair of texts, if the caller does not share a budget over many; some milliseconds.
STEPS = 10_000
CUT = "…"

_COMBINING = "\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\ufe00-\ufe0f"
_WORD = re.compile(rf"\w[\w{_COMBINING}]*|\s+|.[{_COMBINING}]*", re.DOTALL)
_CHARACTER = re.compile(rf".[{_COMBINING}]*", re.DOTALL)
_WORDLY = re.compile(rf"[\w{_COMBINING}]")

#: Before and after of one stretch, and whether they are equal.
type _Stretch = tuple[str, str, bool]


def mark(before: str, after: str, *, budget: Budget | None = None) -> tuple[Marks, Marks]:
    """The pieces of both texts, words first, then characters inside words that are alike.

    Joined again, the pieces are the texts, unless they are long: equal text more than `CONTEXT_CHARS` away from the
    first or last difference, and what differs beyond `MAX_MARKED_CHARS`, is cut and an ellipsis put in its place.
    Bounded by `budget`, which may be shared by all lines of a page.
    """
    start, end = _ends(before, after)
    head, tail = before[:start], before[len(before) - end :]
    middle, other_middle = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(middle), len(other_middle)) > MAX_MARKED_CHARS:
        stretches: list[_Stretch] = [(_cut(middle), _cut(other_middle), False)]
    else:
        stretches = list(_compare(middle, other_middle, budget or Budget(STEPS)))
    if len(head) > CONTEXT_CHARS:
        head = CUT + head[-CONTEXT_CHARS:]
    if len(tail) > CONTEXT_CHARS:
        tail = tail[:CONTEXT_CHARS] + CUT
    stretches = [(head, head, True), *stretches, (tail, tail, True)]
    return _marks((one, equal) for one, _, equal in stretches), _marks((other, equal) for _, other, equal in stretches)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_MARKED_CHARS else text[:MAX_MARKED_CHARS] + CUT


def _marks(pieces: Iterator[tuple[str, bool]]) -> Marks:
    marks: list[tuple[str, bool]] = []
    for text, equal in pieces:
        if marks and marks[-1][1] is not equal:
            marks[-1] = (marks[-1][0] + text, not equal)
        elif text:
            marks.append((text, not equal))
    return tuple(marks)


def _ends(before: str, after: str) -> tuple[int, int]:
    """Lengths of the equal start and end, moved to the edge of a word where one is near."""
    start = _shared_start(before, after)
    start -= _inside_word(before[:start][-MAX_WORD_CHARS:][::-1], before[start : start + 1], after[start : start + 1])
    backwards, other_backwards = before[start:][::-1], after[start:][::-1]
    end = _shared_start(backwards, other_backwards)
    tail = backwards[:end][-MAX_WORD_CHARS:][::-1]
    return start, end - _inside_word(tail, backwards[end : end + 1], other_backwards[end : end + 1])


def _inside_word(behind: str, *ahead: str) -> int:
    """How far back the word starts that is split between `behind` (nearest first) and `ahead`."""
    if not any(_WORDLY.match(character) for character in ahead):
        return 0
    away = next((at for at, character in enumerate(behind) if not _WORDLY.match(character)), len(behind))
    return away if away < MAX_WORD_CHARS else 0


def _shared_start(one: str, other: str) -> int:
    equal, unequal = 0, min(len(one), len(other)) + 1
    while unequal - equal > 1:
        half = (equal + unequal) // 2
        if one[equal:half] == other[equal:half]:
            equal = half
        else:
            unequal = half
    return equal


def _compare(before: str, after: str, budget: Budget) -> Iterator[_Stretch]:
    words = _stretches(_WORD.findall(before), _WORD.findall(after), budget)
    for one, other, equal in _joined(words, least=1):
        if equal or not one or not other or max(len(one), len(other)) > MAX_REFINED_CHARS:
            yield one, other, equal
        else:
            yield from _refine(one, other, budget)


def _refine(before: str, after: str, budget: Budget) -> list[_Stretch]:
    """As few characters as can be, then as few stretches; the whole, if the two are not alike."""
    pieces, other_pieces = _CHARACTER.findall(before), _CHARACTER.findall(after)
    start = next((at for at, (a, b) in enumerate(zip(pieces, other_pieces, strict=False)) if a != b), None)
    start = min(len(pieces), len(other_pieces)) if start is None else start
    rest = min(len(pieces), len(other_pieces)) - start
    end = next((at for at in range(rest) if pieces[-1 - at] != other_pieces[-1 - at]), rest)
    head, tail = "".join(pieces[:start]), "".join(pieces[len(pieces) - end :])
    middle = ("".join(pieces[start : len(pieces) - end]), "".join(other_pieces[start : len(other_pieces) - end]), False)
    compact = list(_joined([(head, head, True), middle, (tail, tail, True)], least=0))
    aligned = list(_joined(_stretches(pieces, other_pieces, budget), least=2))
    best = min(compact, aligned, key=lambda stretches: (_unequal(stretches), len(stretches)))
    same = sum(len(text) for text, _, equal in best if equal)
    one_insertion = len(best) <= 3 and same == min(len(before), len(after))
    if one_insertion or same >= MIN_EQUAL_SHARE * max(len(before), len(after)):
        return best
    return [(before, after, False)]


def _unequal(stretches: list[_Stretch]) -> int:
    return sum(len(one) + len(other) for one, other, equal in stretches if not equal)


def _stretches(pieces: list[str], other_pieces: list[str], budget: Budget) -> Iterator[_Stretch]:
    """Equal and unequal stretches in turn."""
    numbers: dict[str, int] = {}
    left = [numbers.setdefault(piece, len(numbers)) for piece in pieces]
    right = [numbers.setdefault(piece, len(numbers)) for piece in other_pieces]
    i = j = 0
    for next_i, next_j in [*common(left, right, budget), (len(left), len(right))]:
        if i < next_i or j < next_j:
            yield "".join(pieces[i:next_i]), "".join(other_pieces[j:next_j]), False
        if next_i < len(left):
            yield pieces[next_i], other_pieces[next_j], True
        i, j = next_i + 1, next_j + 1


def _joined(stretches: Iterable[_Stretch], least: int) -> Iterator[_Stretch]:
    """Neighbours of one sort as one; equal stretches with fewer than `least` letters between unequal ones are no relief
    to the eye and join them."""
    merged: list[_Stretch] = []
    for stretch in stretches:
        if merged and merged[-1][2] is stretch[2]:
            merged[-1] = _and(merged[-1], stretch)
        else:
            merged.append(stretch)
    held: _Stretch | None = None
    for position, stretch in enumerate(merged):
        lonely = stretch[2] and 0 < position < len(merged) - 1 and len(_WORDLY.findall(stretch[0])) < least
        if stretch[2] and not lonely:
            if held:
                yield held
            held = None
            yield stretch
        else:
            held = _and(held, (stretch[0], stretch[1], False)) if held else (stretch[0], stretch[1], False)
    if held:
        yield held


def _and(one: _Stretch, following: _Stretch) -> _Stretch:
    return one[0] + following[0], one[1] + following[1], one[2]
