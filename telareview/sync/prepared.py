"""A page of tasks read, with all that the mirror derives from each task: what a first fill spends its time on."""

from dataclasses import dataclass, fields

from telareview.tasks.snapshots import Snapshot
from telareview.tela import Reply, TaskPage, TaskQuery, read_page


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage(TaskPage):
    """A page whose tasks are on their way into the mirror."""

    #: Of the page's tasks, in their order, with everything worked out.
    snapshots: tuple[Snapshot, ...]


def read_prepared(reply: Reply, query: TaskQuery) -> PreparedPage:
    """The page in a reply to `query`. Raises UnreadableReply when no list of rows is found in it."""
    page = read_page(reply, query)
    told = {each.name: getattr(page, each.name) for each in fields(TaskPage)}
    return PreparedPage(**told, snapshots=tuple(Snapshot(task).prepare() for task in page.tasks))
