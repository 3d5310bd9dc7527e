"""The columns a person can put into the list; the keys are the CSV's names."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview.tasks.filters import TaskFilter


@dataclass(frozen=True, slots=True)
class ListColumn:
    key: str
    label: str | Promise
    #: The API's sort name, "" when the list cannot be sorted by it.
    order_by: str = ""
    numeric: bool = False
    shown_first: bool = True
    #: The order one expects at the first click.
    first_order: str = "asc"


COLUMNS = {
    column.key: column
    for column in (
        ListColumn("reference", _("#"), "reference", numeric=True, first_order="desc"),
        ListColumn("name", _("Name"), "name"),
        ListColumn("status", _("Status"), "status"),
        ListColumn("revisionProcess", _("Revision")),
        ListColumn("editedFields", _("Edited fields")),
        ListColumn("approvedBy", _("Approver"), "approvedBy"),
        ListColumn("approvedAt", _("Approved"), "approvedAt", first_order="desc"),
        ListColumn("promptApplicationId", _("App")),
        ListColumn("updatedAt", _("Updated"), "updatedAt", first_order="desc"),
        ListColumn("createdAt", _("Created"), "createdAt", shown_first=False, first_order="desc"),
        ListColumn("createdBy", _("Creator"), "createdBy", shown_first=False),
        ListColumn("turnaround", _("Turnaround"), numeric=True, shown_first=False),
        ListColumn("promptVersionId", _("Canvas version"), shown_first=False),
        ListColumn("tags", _("Tags"), shown_first=False),
        ListColumn("id", _("Id"), "id", shown_first=False),
    )
}
#: The name is the link to the task: it is always there.
ALWAYS = "name"


USUAL = tuple(column.key for column in COLUMNS.values() if column.shown_first)


@dataclass(frozen=True, slots=True)
class Header:
    """One column head: what it says and where a click on it leads."""

    column: ListColumn
    address: str
    aria_sort: str


def chosen_columns(task_filter: TaskFilter) -> list[ListColumn]:
    """The columns asked for, in that order, or the usual ones; unknown names are left out."""
    wanted = [COLUMNS[key] for key in task_filter.cols if key in COLUMNS]
    if not wanted:
        return [COLUMNS[key] for key in USUAL]
    return wanted if any(column.key == ALWAYS for column in wanted) else [COLUMNS[ALWAYS], *wanted]


def headers(task_filter: TaskFilter, path: str) -> list[Header]:
    """A head for every chosen column; a click sorts by it, a second one turns the order round."""
    heads = []
    for column in chosen_columns(task_filter):
        current = column.order_by == task_filter.order_by
        order = ("asc" if task_filter.descending else "desc") if current else column.first_order
        address = (
            task_filter.from_start().replace(order_by=column.order_by, order=order).address(path)
            if column.order_by
            else ""
        )
        aria_sort = ("descending" if task_filter.descending else "ascending") if current else ""
        heads.append(Header(column, address, aria_sort))
    return heads
