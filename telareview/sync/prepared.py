"""A page of tasks read, with all that the mirror derives from each task: what a first fill spends its time on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from telareview.tasks.snapshots import Snapshot
from telareview.tela import Reply, TaskPage, TaskQuery, read_page


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage(TaskPage):
    """A page whose tasks are on their way into the mirror."""

    #: Of each task, with everything worked out; also of those that a walk has taken out of the page since.
    snapshots: Mapping[UUID, Snapshot]

    def __getstate__(self) -> tuple[Any, ...]:
        """What travels to another process: tasks once, in their snapshots. Raises TypeError where some have left."""
        if len(self.tasks) != len(self.snapshots):
            raise TypeError("A page travels whole, before a walk takes tasks out of it.")
        states = [each.__getstate__() for each in self.snapshots.values()]
        return self.rejected, self.total, self.server_time, self.row_count, states

    def __setstate__(self, told: tuple[Any, ...]) -> None:
        *page, states = told
        snapshots = [Snapshot.__new__(Snapshot) for _ in states]
        for each, state in zip(snapshots, states, strict=True):
            each.__setstate__(state)
        tasks = tuple(each.record for each in snapshots)
        by_id = {task.id: each for task, each in zip(tasks, snapshots, strict=True)}
        for name, value in zip(TRAVELS, (*page, tasks, by_id), strict=True):
            object.__setattr__(self, name, value)


TRAVELS = ("rejected", "total", "server_time", "row_count", "tasks", "snapshots")


def read_prepared(reply: Reply, query: TaskQuery) -> PreparedPage:
    """The page in a reply to `query`. Raises UnreadableReply when no list of rows is found in it."""
    page = read_page(reply, query)
    told = {each.name: getattr(page, each.name) for each in fields(TaskPage)}
    return PreparedPage(**told, snapshots={task.id: Snapshot(task).prepare() for task in page.tasks})
