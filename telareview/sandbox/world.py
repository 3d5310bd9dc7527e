"""The workspace's tasks and everything that can happen to them.

One lock guards it all; every verb takes it, does one whole change, and tells the listeners. `at` gives a change its
instant (ISO text or milliseconds since 1970); without it the world's clock does, and no two changes share one.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from typing import Any

from telareview.sandbox.apps import BY_ID, INVOICES, SPAN_END, VERSIONS
from telareview.sandbox.bodies import Bodies
from telareview.sandbox.clock import Clock
from telareview.sandbox.documents import parsed_text
from telareview.sandbox.errors import not_found, update_failed
from telareview.sandbox.index import Indexes
from telareview.sandbox.merge import overlay
from telareview.sandbox.names import file_name
from telareview.sandbox.people import APPROVERS, KEY_EMAIL
from telareview.sandbox.scripts import Plan
from telareview.sandbox.tasks import (
    FAILURE_REASON,
    Card,
    Story,
    card_of,
    columns,
    input_of,
    is_agent,
    light_fields,
    record_edits,
    result_for,
    run_id,
    snapshot,
    story_of,
)
from telareview.sandbox.wire import DAY_MS, day_text, milliseconds, uuid_text

REMEMBERED_LISTS = 24

type Moment = str | int | None
#: Called with the world's lock held: name of the event, the task's card, its story.
type Listener = Callable[[str, Card, Story], None]


class World:
    def __init__(
        self,
        tasks: int = 2000,
        seed: int = 7,
        *,
        clock: Clock | None = None,
        anchor: int | None = None,
        calm: bool = False,
    ) -> None:
        """`anchor` is the moment the seeded lives end (default: now); `calm` leaves hostile names and values out."""
        self.lock = RLock()
        self.clock = clock or Clock()
        self.plan = Plan(tasks, seed, anchor or self.clock.now() // 1000 * 1000, hostile=not calm)
        self.cards: dict[str, Card] = {}
        self.stories: dict[str, Story] = {}
        self.indexes = Indexes()
        self.bodies = Bodies(self)
        self.listeners: list[Listener] = []
        #: Grows with every change.
        self.revision = 0
        self._runs: dict[str, str] = {}
        self._references: dict[str | None, int] = {}
        self._remembered: dict[Any, Any] = {}
        self._last_stamp = 0
        self._rng = random.Random(seed * 31 + 5)  # noqa: S311
        self._seed_cards()

    # Reading

    def live(self, task_id: str) -> Card | None:
        """The card of a task that was not deleted."""
        card = self.cards.get(task_id)
        return None if card is None or card.deleted is not None else card

    def card(self, task_id: str) -> Card:
        """Raises Refusal (404) when there is no such task."""
        card = self.live(task_id)
        if card is None:
            raise not_found("Task")
        return card

    def story(self, card: Card) -> Story:
        return self.stories.get(card.id) or story_of(card, self.plan)

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as `GET /task/{id}` shows it, as Python values (`Number` for fractions)."""
        with self.lock:
            card = self.card(task_id)
            story = self.story(card)
            head, tail = light_fields(card, story)
            return {**head, **columns(story), **tail}

    def versions(self, task_id: str) -> list[dict[str, Any]]:
        """Tela's own history of the task, newest first."""
        with self.lock:
            return self.story(self.card(task_id)).versions[::-1]

    def analytics(self, card: Card) -> dict[str, Any] | None:
        """Review metrics; None where there is no review to measure."""
        story = self.story(card)
        if is_agent(card) or story.original is None:
            return None
        taken = None if card.approved is None else card.approved - card.created
        return {
            "editedFieldsCount": len({edit["path"] for edit in story.edited}),
            "editsCount": len(story.edited),
            "timeToApprovalMs": taken,
            "revisionProcess": None
            if taken is None
            else "approvedWithRevisions"
            if card.revised
            else "approvedDirectly",
        }

    def ids(self, status: str | None = None) -> list[str]:
        """Ids of the live tasks, oldest first."""
        with self.lock:
            return [card.id for card in self.indexes.of(None, "createdAt").cards if status in (None, card.status)]

    def count(self, status: str | None = None) -> int:
        return len(self.ids(status))

    def task_of_run(self, run: str) -> str:
        return self._runs.get(run) or run_id(run)

    def remembered[Found](self, key: Any, find: Callable[[], Found]) -> Found:
        """What `find` gives, kept until the next change."""
        if self._remembered.get("revision") != self.revision or len(self._remembered) > REMEMBERED_LISTS:
            self._remembered = {"revision": self.revision}
        if key not in self._remembered:
            self._remembered[key] = find()
        found: Found = self._remembered[key]
        return found

    # Changing

    def arrive(
        self,
        app_id: str = INVOICES.id,
        *,
        name: str | None = None,
        raw_input: dict[str, Any] | None = None,
        output: Any = None,
        tags: Sequence[str] = (),
        creator: str = KEY_EMAIL,
        run: str | None = None,
        forward: dict[str, str] | None = None,
        status: str = "running",
        at: Moment = None,
    ) -> str:
        """A new task in an app; with `output` it waits for review at once. Gives its id."""
        with self.lock:
            app = BY_ID[app_id]
            stamp = self._stamp(at)
            name = name or file_name(app.kind, day_text(stamp // DAY_MS), self._rng)
            card = Card(
                -1,
                uuid_text(self._rng.getrandbits(128)),
                self._next_reference(app_id),
                name,
                status if output is None else "validating",
                creator,
                stamp,
                stamp,
                app_id,
                app.version_at(SPAN_END).id,
                tags=tuple(tags),
            )
            story = Story(raw_input or _request_for(app_id, card.id, name), run_id=run or run_id(card.id))
            story.forward = forward or {}
            if run:
                self._runs[run] = card.id
            if output is not None:
                story.original = story.current = output
            self.cards[card.id], self.stories[card.id] = card, story
            self.indexes.add(card)
            snapshot(card, story, creator, stamp)
            self._changed(card, story, "task.created")
            return card.id

    def finish(self, task_id: str, output: Any = None, *, at: Moment = None) -> None:
        """The run ends well: the task waits for review."""
        with self._change(task_id, at) as (card, story, stamp):
            rng = random.Random(int(card.id[:8], 16))  # noqa: S311
            kind, number, structured = _canvas(card)
            day = card.created // DAY_MS
            found = result_for(kind, number, structured, card.name, day, rng) if output is None else output
            story.original = story.current = found
            story.input = input_of(story.raw_input, parsed_text(kind, card.name, day, rng.random))
            card.status = "validating"
            snapshot(card, story, card.created_by, stamp)
            self._changed(card, story, "task.completed")

    def fail(self, task_id: str, reason: str | None = FAILURE_REASON, *, at: Moment = None) -> None:
        """The run ends badly; with no `reason`, Tela gives no detail."""
        with self._change(task_id, at) as (card, story, stamp):
            card.status = "failed"
            if reason:
                story.metadata = {**(story.metadata or {}), "failure": {"message": reason}}
            snapshot(card, story, card.created_by, stamp)
            self._changed(card, story, "task.failed")

    def edit(self, task_id: str, patch: Any, who: str = APPROVERS[0], *, at: Moment = None) -> int:
        """Lay `patch` over the current output; gives the number of changed places."""
        with self._change(task_id, at) as (card, story, stamp):
            if card.status == "running":
                raise update_failed("A running task cannot be updated")
            if is_agent(card):
                story.current, changed = patch, 1
            else:
                story.current, changes = overlay(story.current, patch)
                record_edits(story, changes, who, stamp)
                changed = len(changes)
                card.revised = bool(story.edited)
            if changed:
                snapshot(card, story, who, stamp)
            self._changed(card, story, "task.edited")
            return changed

    def approve(self, task_id: str, who: str = APPROVERS[0], *, at: Moment = None) -> None:
        with self._change(task_id, at) as (card, story, stamp):
            if card.status not in ("validating", "completed"):
                raise update_failed(f"A task that is {card.status} cannot be approved")
            card.status, card.approved_by, card.approved = "completed", who, stamp
            snapshot(card, story, who, stamp)
            self._changed(card, story, "task.approved")

    def revoke(self, task_id: str, who: str = APPROVERS[0], *, stale: bool = False, at: Moment = None) -> None:
        """Back to review; `stale` leaves approver and moment standing, as some tasks are seen to have them."""
        with self._change(task_id, at) as (card, story, stamp):
            if card.status != "completed":
                raise update_failed("Only an approved task can be revoked")
            card.status = "validating"
            if not stale:
                card.approved_by = card.approved = None
            snapshot(card, story, who, stamp)
            self._changed(card, story, "task.approvalRevoked")

    def rename(
        self, task_id: str, name: str | None = None, tags: Sequence[str] | None = None, *, at: Moment = None
    ) -> None:
        """Give it another name or other tags."""
        with self._change(task_id, at) as (card, story, stamp):
            card.name = card.name if name is None else name
            card.tags = card.tags if tags is None else tuple(tags)
            snapshot(card, story, KEY_EMAIL, stamp)
            self._changed(card, story, "task.edited")

    def delete(self, task_id: str, *, at: Moment = None) -> None:
        """Soft: nothing of the API shows it any more."""
        with self.lock:
            card = self.card(task_id)
            self.indexes.remove(card)
            card.deleted = self._stamp(at)
            self._changed(card, self._own_story(card), "task.deleted")

    def restore(self, task_id: str) -> None:
        """Undo a deletion, without a trace in `updatedAt`."""
        with self.lock:
            card = self.cards[task_id]
            card.deleted = None
            self.indexes.add(card)
            self._changed(card, self._own_story(card), "task.restored")

    # Inside

    def _change(self, task_id: str, at: Moment) -> "_Change":
        return _Change(self, task_id, at)

    def _own_story(self, card: Card) -> Story:
        """The story, kept from now on because it is about to differ from the seeded one."""
        if card.id not in self.stories:
            self.stories[card.id] = story_of(card, self.plan)
        return self.stories[card.id]

    def _changed(self, card: Card, story: Story, event: str) -> None:
        self.revision += 1
        self.bodies.forget(card.id)
        for listener in self.listeners:
            listener(event, card, story)

    def _stamp(self, at: Moment) -> int:
        if at is not None:
            return milliseconds(at) if isinstance(at, str) else at
        self._last_stamp = max(self.clock.now(), self._last_stamp + 1)
        return self._last_stamp

    def _next_reference(self, app_id: str | None) -> int:
        self._references[app_id] = self._references.get(app_id, 0) + 1
        return self._references[app_id]

    def _seed_cards(self) -> None:
        for number in range(self.plan.tasks):
            script = self.plan.script(number, self.plan.source(number))
            self.cards[script.id] = card_of(script, self._next_reference(script.app.id if script.app else None))
        self.indexes.fill(self.cards.values())


class _Change:
    """One task taken out of the indexes, changed, and put back in its new place, with the lock held throughout."""

    def __init__(self, world: World, task_id: str, at: Moment) -> None:
        self.world, self.task_id, self.at = world, task_id, at

    def __enter__(self) -> tuple[Card, Story, int]:
        self.world.lock.acquire()
        try:
            self.card = self.world.card(self.task_id)
            story = self.world._own_story(self.card)
            stamp = self.world._stamp(self.at)
        except BaseException:
            self.world.lock.release()
            raise
        self.world.indexes.remove(self.card)
        self.before, self.card.updated = self.card.updated, stamp
        return self.card, story, stamp

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed:
            self.card.updated = self.before
        self.world.indexes.add(self.card)
        self.world.lock.release()


def _canvas(card: Card) -> tuple[str, int, bool]:
    """Kind of document, number of the Canvas version, whether it answers with fields."""
    if card.version_id is None:
        return "statement", 1, True
    app, version = VERSIONS[card.version_id]
    return app.kind, version.number, version.structured


def _request_for(app_id: str, task_id: str, name: str) -> dict[str, Any]:
    file = {
        "file_url": f"https://files.acme.example/{task_id}/document",
        "file_name": name,
        "mime_type": "application/pdf",
    }
    return {"application_id": app_id, "variables": {"document": {"files": [file]}}, "async": True}
