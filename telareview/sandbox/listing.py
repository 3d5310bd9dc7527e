"""Which cards a list request gets, in which order: the documented quirks included."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from telareview.sandbox.apps import AGENT_ID
from telareview.sandbox.query import Criteria, ListRequest
from telareview.sandbox.tasks import Card, is_agent

if TYPE_CHECKING:
    from telareview.sandbox.state import State

type Test = Callable[[Card], bool]

_FIELDS = {
    "createdAt": "created",
    "updatedAt": "updated",
    "approvedAt": "approved",
    "createdBy": "created_by",
    "approvedBy": "approved_by",
    "name": "name",
    "reference": "reference",
    "id": "id",
    "status": "status",
}
INDEXED = ("createdAt", "updatedAt")


def select(world: "State", request: ListRequest, *, counted: bool) -> tuple[list[Card], int | None]:
    """One page of cards, and how many there are in all (None unless `counted`). Needs the world's lock held."""
    wanted = request.criteria
    if wanted.ids is not None or wanted.run_id is not None:
        cards = _sorted(_known(world, wanted), request)
        return cards[request.offset : request.offset + request.limit], len(cards)
    if request.order_by not in INDEXED:
        cards = world.remembered((wanted, request.order_by, request.descending), lambda: _all(world, request))
        return cards[request.offset : request.offset + request.limit], len(cards)
    source, rest = _narrowest(world, wanted, request.order_by)
    tests = _tests(rest)
    total = None
    if counted:
        total = (
            world.remembered((wanted,), lambda: sum(1 for _ in _passing(source.walk(False), tests)))
            if tests
            else len(source)
        )
    if not tests:
        return source.slice(request.offset, request.limit, request.descending), total
    found = _passing(source.walk(request.descending), tests)
    return list(islice(found, request.offset, request.offset + request.limit)), total


class _Stretch:
    """A run of neighbouring cards in one index."""

    def __init__(self, cards: list[Card], begin: int, end: int) -> None:
        self.cards, self.begin, self.end = cards, begin, end

    def __len__(self) -> int:
        return self.end - self.begin

    def walk(self, descending: bool) -> Iterator[Card]:
        places = range(self.end - 1, self.begin - 1, -1) if descending else range(self.begin, self.end)
        return map(self.cards.__getitem__, places)

    def slice(self, offset: int, limit: int, descending: bool) -> list[Card]:
        if descending:
            stop = max(self.begin, self.end - offset)
            return self.cards[max(self.begin, stop - limit) : stop][::-1]
        start = min(self.end, self.begin + offset)
        return self.cards[start : min(self.end, start + limit)]


def _narrowest(world: "State", wanted: Criteria, field: str) -> tuple[_Stretch, Criteria]:
    """The stretch of the index by that field which holds all that is wanted, and what is still to be tested."""
    index = world.indexes.of(wanted.app_id, field)
    rest = replace(wanted, app_id=None)
    if len(wanted.ranges) == 1 and wanted.ranges[0][0] == field:
        begin, end = index.span(*wanted.ranges[0][1])
        return _Stretch(index.cards, begin, end), replace(rest, ranges=())
    return _Stretch(index.cards, 0, len(index.cards)), rest


def _known(world: "State", wanted: Criteria) -> Iterator[Card]:
    """The tasks named by id or by run, if the other criteria let them through."""
    ids = wanted.ids
    if wanted.run_id is not None:
        by_run = world.task_of_run(wanted.run_id)
        ids = frozenset({by_run}) & (ids if ids is not None else frozenset({by_run}))
    cards = (card for task_id in ids or () if (card := world.live(task_id)) is not None)
    return _passing(cards, _tests(replace(wanted, ids=None, run_id=None)))


def _all(world: "State", request: ListRequest) -> list[Card]:
    ranges = request.criteria.ranges
    ranged_by = ranges[0][0] if len(ranges) == 1 and ranges[0][0] in INDEXED else INDEXED[0]
    source, rest = _narrowest(world, request.criteria, ranged_by)
    return _sorted(_passing(source.walk(False), _tests(rest)), request)


def _passing(cards: Iterable[Card], tests: list[Test]) -> Iterator[Card]:
    for test in tests:
        cards = filter(test, cards)
    return iter(cards)


def _sorted(cards: Iterable[Card], request: ListRequest) -> list[Card]:
    """By the field, then by id; null comes last upwards and first downwards."""
    field = _FIELDS[request.order_by]

    def key(card: Card) -> tuple[bool, Any, str]:
        value = getattr(card, field)
        return value is None, 0 if value is None else value, card.id

    return sorted(cards, key=key, reverse=request.descending)


def _tests(wanted: Criteria) -> list[Test]:
    """One test for each criterion sent, cheapest first."""
    tests: list[Test] = []
    if (app_id := wanted.app_id) is not None:
        tests.append(lambda card: card.app_id == app_id)
    if (agent_id := wanted.agent_id) is not None:
        tests.append(lambda card: is_agent(card) and agent_id == AGENT_ID)
    if (status := wanted.status) is not None:
        tests.append(lambda card: card.status in status)
    if (version_id := wanted.version_id) is not None:
        tests.append(lambda card: card.version_id == version_id)
    if (revision := wanted.revision) is not None:
        revised = revision == "approvedWithRevisions"
        tests.append(lambda card: card.status == "completed" and card.revised is revised)
    tests += _people(wanted)
    if wanted.ranges:
        tests.append(_in_any_range(wanted))
    if (tags := wanted.tags) is not None:
        tests.append(lambda card: not tags.isdisjoint(card.tags))
    if wanted.name is not None:
        name = wanted.name.lower()
        tests.append(lambda card: name in card.name.lower())
    return tests


def _people(wanted: Criteria) -> list[Test]:
    creators, approvers = wanted.created_by, wanted.approved_by
    if creators is not None and approvers is not None:
        return [lambda card: card.created_by in creators or card.approved_by in approvers]
    if creators is not None:
        return [lambda card: card.created_by in creators]
    if approvers is not None:
        return [lambda card: card.approved_by in approvers]
    return []


def _in_any_range(wanted: Criteria) -> Test:
    spans = [(attrgetter(_FIELDS[key]), first, last) for key, (first, last) in wanted.ranges]

    def test(card: Card) -> bool:
        for moment_of, first, last in spans:
            moment = moment_of(card)
            if moment is not None and first <= moment <= last:
                return True
        return False

    return test
