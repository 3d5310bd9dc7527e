"""What there is at this moment: the tasks, in order and by id, and how one of them is changed safely.

One lock guards it all. A change takes it, moves the task in the indexes, forgets its ready bytes, tells the listeners.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, NamedTuple

from telareview.sandbox.bodies import Bodies
from telareview.sandbox.clock import Clock
from telareview.sandbox.errors import not_found
from telareview.sandbox.index import Indexes
from telareview.sandbox.scripts import Plan
from telareview.sandbox.stories import card_of, story_of
from telareview.sandbox.tasks import Card, Story, columns, light_fields, run_id
from telareview.sandbox.wire import milliseconds

REMEMBERED_LISTS = 24

#: An instant as ISO text or milliseconds since 1970; None: now.
type Moment = str | int | None
#: Called with the lock held: name of the event, the task's card, its story.
type Listener = Callable[[str, Card, Story], None]


class Change(NamedTuple):
    card: Card
    story: Story
    at: int


class State:
    def __init__(self, plan: Plan, clock: Clock) -> None:
        self.lock = RLock()
        self.clock, self.plan = clock, plan
        self.cards: dict[str, Card] = {}
        #: Of the tasks that differ from their seeded story.
        self.stories: dict[str, Story] = {}
        self.indexes = Indexes()
        self.bodies = Bodies(self)
        self.listeners: list[Listener] = []
        #: Grows with every change.
        self.revision = 0
        self.runs: dict[str, str] = {}
        self._references: dict[str | None, int] = {}
        self._remembered: dict[Any, Any] = {}
        self.last_stamp = 0
        for number in range(plan.tasks):
            script = plan.script(number, plan.source(number))
            self.cards[script.id] = card_of(script, self.next_reference(script.app.id if script.app else None))
        self.indexes.fill(self.cards.values())

    def live(self, task_id: str) -> Card | None:
        """The card of a task that was not deleted."""
        card = self.cards.get(task_id)
        return None if card is None or card.deleted is not None else card

    def card(self, task_id: str) -> Card:
        """Raises Refusal (404) when there is no such task, or no more."""
        card = self.live(task_id)
        if card is None:
            raise not_found("Task")
        return card

    def story(self, card: Card) -> Story:
        return self.stories.get(card.id) or story_of(card, self.plan)

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as `GET /task/{id}` shows it, as Python values (`wire.Number` for fractions)."""
        with self.lock:
            card = self.card(task_id)
            story = self.story(card)
            head, tail = light_fields(card, story)
            return {**head, **columns(story), **tail}

    def versions(self, task_id: str) -> list[dict[str, Any]]:
        """Tela's own history of the task, newest first."""
        with self.lock:
            return self.story(self.card(task_id)).versions[::-1]

    def ids(self, status: str | None = None) -> list[str]:
        """Ids of the live tasks, oldest first."""
        with self.lock:
            return [card.id for card in self.indexes.of(None, "createdAt").cards if status in (None, card.status)]

    def count(self, status: str | None = None) -> int:
        """How many live tasks there are, in that status."""
        return len(self.ids(status))

    def task_of_run(self, run: str) -> str:
        """The id a task with this run would have."""
        return self.runs.get(run) or run_id(run)

    def remembered[Found](self, key: Any, find: Callable[[], Found]) -> Found:
        """What `find` gives, kept until the next change."""
        if self._remembered.get("revision") != self.revision or len(self._remembered) > REMEMBERED_LISTS:
            self._remembered = {"revision": self.revision}
        if key not in self._remembered:
            self._remembered[key] = find()
        found: Found = self._remembered[key]
        return found

    def put(self, card: Card, story: Story) -> None:
        """Add a task."""
        self.cards[card.id], self.stories[card.id] = card, story
        self.indexes.add(card)

    @contextmanager
    def change(self, task_id: str, at: Moment) -> Iterator[Change]:
        """One task taken out of the indexes, to be changed, and put back in its new place. An error undoes the move."""
        with self.lock:
            card = self.card(task_id)
            story, stamp, before = self.own_story(card), self.stamp(at), card.updated
            self.indexes.remove(card)
            card.updated = stamp
            try:
                yield Change(card, story, stamp)
            except BaseException:
                card.updated = before
                raise
            finally:
                self.indexes.add(card)

    def own_story(self, card: Card) -> Story:
        """The story, kept from now on because it is about to differ from the seeded one."""
        if card.id not in self.stories:
            self.stories[card.id] = story_of(card, self.plan)
        return self.stories[card.id]

    def announce(self, event: str, card: Card, story: Story) -> None:
        """A change is complete."""
        self.revision += 1
        self.bodies.forget(card.id)
        for listener in self.listeners:
            listener(event, card, story)

    def stamp(self, at: Moment) -> int:
        """The instant of a change; those taken from the clock never repeat."""
        if at is not None:
            return milliseconds(at) if isinstance(at, str) else at
        self.last_stamp = max(self.clock.now(), self.last_stamp + 1)
        return self.last_stamp

    def next_reference(self, app_id: str | None) -> int:
        """References count up within one app."""
        self._references[app_id] = self._references.get(app_id, 0) + 1
        return self._references[app_id]
