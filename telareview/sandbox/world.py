"""Everything that can happen to a task, one verb each.

`at` gives a change its instant (ISO text or milliseconds since 1970); without it the world's clock does, and then no
two changes share one.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telareview.sandbox.apps import BY_ID, INVOICES, VERSIONS
from telareview.sandbox.clock import Clock
from telareview.sandbox.documents import parsed_text, result
from telareview.sandbox.errors import update_failed
from telareview.sandbox.journal import Journal, recorded
from telareview.sandbox.merge import overlay
from telareview.sandbox.names import file_name
from telareview.sandbox.people import APPROVERS, KEY_EMAIL
from telareview.sandbox.scripts import Plan
from telareview.sandbox.state import Moment, State
from telareview.sandbox.stories import FAILURE_REASON
from telareview.sandbox.tasks import Card, Story, input_of, is_agent, record_edits, run_id, snapshot
from telareview.sandbox.wire import DAY_MS, day_text, uuid_text


class World(State):
    """`anchor` (ms since 1970) is the moment the seeded lives end; `calm` leaves hostile names and values out.

    With a `journal` file the world goes on where it was left the last time; its anchor is then the first one.
    """

    def __init__(
        self,
        tasks: int = 2000,
        seed: int = 7,
        *,
        clock: Clock | None = None,
        anchor: int | None = None,
        calm: bool = False,
        journal: Path | None = None,
    ) -> None:
        clock = clock or Clock()
        anchor = anchor or clock.now() // 1000 * 1000
        self.journal: Journal | None = None
        kept = Journal(journal, tasks=tasks, seed=seed, calm=calm, anchor=anchor) if journal else None
        super().__init__(Plan(tasks, seed, kept.anchor if kept else anchor, hostile=not calm), clock)
        self._rng = random.Random(seed * 31 + 5)  # noqa: S311
        for verb, args, named in kept.past if kept else ():
            getattr(self, verb)(*args, **named)
            self.last_stamp = max(self.last_stamp, named["at"])
        self.journal = kept

    @recorded
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
            app, stamp = BY_ID[app_id], self.stamp(at)
            card = Card(
                number=-1,
                id=uuid_text(self._rng.getrandbits(128)),
                reference=self.next_reference(app_id),
                name=file_name(app.kind, day_text(stamp // DAY_MS), self._rng) if name is None else name,
                status=status if output is None else "validating",
                created_by=creator,
                created=stamp,
                updated=stamp,
                app_id=app_id,
                version_id=app.versions[-1].id,
                tags=tuple(tags),
            )
            story = Story(raw_input or _request_for(card), run_id=run or run_id(card.id), forward=forward or {})
            if run:
                self.runs[run] = card.id
            if output is not None:
                story.original = story.current = output
            snapshot(card, story, creator, stamp)
            self.put(card, story)
            self.announce("task.created", card, story)
            return card.id

    @recorded
    def start(self, task_id: str, *, at: Moment = None) -> None:
        """A created task begins to run."""
        with self.change(task_id, at) as (card, story, stamp):
            card.status = "running"
            snapshot(card, story, card.created_by, stamp)
            self.announce("task.started", card, story)

    @recorded
    def finish(self, task_id: str, output: Any = None, *, at: Moment = None) -> None:
        """The run ends well: the task waits for review."""
        with self.change(task_id, at) as (card, story, stamp):
            draw = random.Random(card.id).random  # noqa: S311
            app, version = VERSIONS.get(card.version_id or "", (None, None))
            kind, day = app.kind if app else "statement", card.created // DAY_MS
            found = result(kind, version, card.name, day, draw) if output is None else output
            story.original = story.current = found
            story.input = input_of(story.raw_input, parsed_text(kind, card.name, day, draw))
            card.status = "validating"
            snapshot(card, story, card.created_by, stamp)
            self.announce("task.completed", card, story)

    @recorded
    def fail(self, task_id: str, reason: str | None = FAILURE_REASON, *, at: Moment = None) -> None:
        """The run ends badly; with no `reason`, Tela gives no detail."""
        with self.change(task_id, at) as (card, story, stamp):
            card.status = "failed"
            if reason:
                story.metadata = {**(story.metadata or {}), "failure": {"message": reason}}
            snapshot(card, story, card.created_by, stamp)
            self.announce("task.failed", card, story)

    @recorded
    def edit(self, task_id: str, patch: Any, who: str = APPROVERS[0], *, at: Moment = None) -> int:
        """Lay `patch` over the current output; gives the number of changed places. Agents' output is replaced."""
        with self.change(task_id, at) as (card, story, stamp):
            if card.status == "running":
                raise update_failed("A running task cannot be updated")
            if is_agent(card):
                story.current, changed = patch, 1
            else:
                story.current, changes = overlay(story.current, patch)
                record_edits(story, changes, who, stamp)
                card.revised, changed = bool(story.edited), len(changes)
            if changed:
                snapshot(card, story, who, stamp)
            self.announce("task.edited", card, story)
            return changed

    @recorded
    def approve(self, task_id: str, who: str = APPROVERS[0], *, at: Moment = None) -> None:
        with self.change(task_id, at) as (card, story, stamp):
            if card.status not in ("validating", "completed"):
                raise update_failed(f"A task that is {card.status} cannot be approved")
            card.status, card.approved_by, card.approved = "completed", who, stamp
            snapshot(card, story, who, stamp)
            self.announce("task.approved", card, story)

    @recorded
    def revoke(self, task_id: str, who: str = APPROVERS[0], *, stale: bool = False, at: Moment = None) -> None:
        """Back to review; `stale` leaves approver and moment standing, as a third of the seeded ones have them."""
        with self.change(task_id, at) as (card, story, stamp):
            if card.status != "completed":
                raise update_failed("Only an approved task can be revoked")
            card.status = "validating"
            if not stale:
                card.approved_by = card.approved = None
            snapshot(card, story, who, stamp)
            self.announce("task.approvalRevoked", card, story)

    @recorded
    def rename(
        self,
        task_id: str,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        who: str = KEY_EMAIL,
        *,
        at: Moment = None,
    ) -> None:
        """Give it another name, other tags."""
        with self.change(task_id, at) as (card, story, stamp):
            card.name = card.name if name is None else name
            card.tags = card.tags if tags is None else tuple(tags)
            snapshot(card, story, who, stamp)
            self.announce("task.edited", card, story)

    @recorded
    def delete(self, task_id: str, *, at: Moment = None) -> None:
        """Soft: nothing of the API shows it any more."""
        with self.lock:
            card = self.card(task_id)
            self.indexes.remove(card)
            card.deleted = self.stamp(at)
            self.announce("task.deleted", card, self.own_story(card))

    @recorded
    def restore(self, task_id: str, *, at: Moment = None) -> None:
        """Undo a deletion, without a trace in `updatedAt`."""
        with self.lock:
            card = self.cards[task_id]
            if card.deleted is not None:
                card.deleted = None
                self.indexes.add(card)
                self.announce("task.restored", card, self.own_story(card))


def _request_for(card: Card) -> dict[str, Any]:
    url = f"https://files.acme.example/{card.id}/document"
    file = {"file_url": url, "file_name": card.name, "mime_type": "application/pdf"}
    return {"application_id": card.app_id, "variables": {"document": {"files": [file]}}, "async": True}
