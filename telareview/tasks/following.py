"""A task that is still running is followed by its page, ever more slowly, until it waits for review, ends or fails.

The page asks the mirror, which asks Tela on its own (`sync/unfinished.py`) and is told by webhooks. A task that waits
for review is not followed: nothing but a person moves it.
"""

from dataclasses import dataclass

from telareview.tasks.models import Task

UNFINISHED = frozenset({"created", "running", "pending"})
#: Seconds until the page asks again, and how they grow.
FIRST_SECONDS, LONGEST_SECONDS, GROWTH = 2.0, 60.0, 1.3
#: More turns than this change nothing any more.
MOST_TURNS = 100


@dataclass(frozen=True, slots=True)
class Following:
    """The next turn of a page that shows version `number` of a task."""

    task: Task
    number: int
    turn: int

    @property
    def has_moved(self) -> bool:
        return self.task.version_number != self.number

    @property
    def goes_on(self) -> bool:
        return self.task.gone_at is None and self.task.status in UNFINISHED

    @property
    def seconds(self) -> str:
        """Until the next question, as htmx reads it."""
        return f"{min(FIRST_SECONDS * GROWTH**self.turn, LONGEST_SECONDS):.1f}s"

    @property
    def address(self) -> str:
        return f"/tasks/{self.task.task_id}/following/?number={self.number}&turn={min(self.turn + 1, MOST_TURNS)}"
