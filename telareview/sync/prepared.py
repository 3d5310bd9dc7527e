"""A page of tasks read, with all that the mirror derives from each task: what a first fill spends its time on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from uuid import UUID

from telareview.tasks.snapshots import Snapshot
from telareview.tela import Reply, TaskPage, TaskQuery, read_page


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage(TaskPage):
    """A page whose tasks are on their way into the mirror."""

    #: Of each task, with everything worked out; also of those that a walk has taken out of the page since.
    snapshots: Mapping[UUID, Snapshot]


def read_prepared(reply: Reply, query: TaskQuery) -> PreparedPage:
    """The page in a reply to `query`. Raises UnreadableReply when no list of rows is found in it."""
    page = read_page(reply, query)
    told = {each.name: getattr(page, each.name) for each in fields(TaskPage)}
    return PreparedPage(**told, snapshots={task.id: Snapshot(task).prepare() for task in page.tasks})
