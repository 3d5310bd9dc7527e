"""Cards kept in order of an instant and then of their id, so that a page of a long list is found by bisection."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import attrgetter

from telareview.sandbox.tasks import Card

LAST_ID = "g"


class Index:
    def __init__(self, field: str) -> None:
        self.key = attrgetter(field, "id")
        self.cards: list[Card] = []

    def fill(self, cards: Iterable[Card]) -> None:
        self.cards = sorted(cards, key=self.key)

    def add(self, card: Card) -> None:
        key = self.key(card)
        if not self.cards or self.key(self.cards[-1]) < key:
            self.cards.append(card)
        else:
            self.cards.insert(bisect_left(self.cards, key, key=self.key), card)

    def remove(self, card: Card) -> None:
        del self.cards[bisect_left(self.cards, self.key(card), key=self.key)]

    def span(self, first: float, last: float) -> tuple[int, int]:
        """Where the cards from instant `first` to `last`, both included, begin and end."""
        begin = bisect_left(self.cards, (first, ""), key=self.key)
        return begin, max(begin, bisect_right(self.cards, (last, LAST_ID), key=self.key))


class Indexes:
    """One index by creation and one by change, of all cards and of every app's."""

    def __init__(self) -> None:
        self._by_app: dict[str | None, dict[str, Index]] = {}
        self._of(None)

    def of(self, app_id: str | None, field: str) -> Index:
        """The index of one app (None: of all) by `createdAt` or `updatedAt`."""
        return self._of(app_id)[field]

    def fill(self, cards: Iterable[Card]) -> None:
        cards = list(cards)
        shelves: dict[str | None, list[Card]] = {None: cards}
        for card in cards:
            if card.app_id is not None:
                shelves.setdefault(card.app_id, []).append(card)
        for app_id, shelf in shelves.items():
            for index in self._of(app_id).values():
                index.fill(shelf)

    def add(self, card: Card) -> None:
        for app_id in {None, card.app_id}:
            for index in self._of(app_id).values():
                index.add(card)

    def remove(self, card: Card) -> None:
        for app_id in {None, card.app_id}:
            for index in self._of(app_id).values():
                index.remove(card)

    def _of(self, app_id: str | None) -> dict[str, Index]:
        if app_id not in self._by_app:
            self._by_app[app_id] = {"createdAt": Index("created"), "updatedAt": Index("updated")}
        return self._by_app[app_id]
