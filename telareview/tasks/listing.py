"""Everything the list page shows, made from one filter."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from telareview.accounts.models import Workspace
from telareview.tasks.cells import table_rows
from telareview.tasks.chips import Chip, chips, show_edge
from telareview.tasks.fact_columns import is_approved
from telareview.tasks.filter_form import Facets, FilterForm
from telareview.tasks.filters import PAGE_SIZES, Reader, TaskFilter
from telareview.tasks.known import matching_tasks
from telareview.tasks.list_columns import COLUMNS, USUAL, Header, chosen_columns, headers
from telareview.tasks.models import Task, TaskVersion
from telareview.tasks.paging import END, BrokenCursor, Page, read_page
from telareview.tasks.parameters import parse
from telareview.tasks.words import revision_word, status_text
from telareview.web.templatetags.formats import Reading

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest


#: What the cells and the cursors of a page need. As tuples: making models of fifty rows took four times the statement.
SHOWN = (
    *("task_id", "reference", "name", "name_start", "status", "created_by", "created_at", "updated_at"),
    *("approved_by", "approved_at", "revision_process", "edited_paths"),
    *("prompt_application_id", "prompt_version_id", "tags", "erasure", "gone_at"),
)


class Row(NamedTuple):
    #: A named tuple of `SHOWN`.
    task: Any
    #: The task's page, carrying the list it was opened from.
    address: str
    app: str
    #: Brought or altered by the check that has just been made.
    is_fresh: bool
    #: Keys of the columns shown, in their order.
    keys: tuple[str, ...]
    reading: Reading

    @property
    def status(self) -> str:
        return status_text(self.task.status, self.reading.language)

    @property
    def revision(self) -> str:
        """`3 fields revised` where the edits are told, else the revision's word."""
        count = len(self.task.edited_paths)
        if self.task.revision_process == "approvedWithRevisions" and count:
            return _revised(count, self.reading.language)
        return str(revision_word(self.task.revision_process))

    @property
    def more_edited(self) -> int:
        return max(0, len(self.task.edited_paths) - 1)

    @property
    def turnaround_seconds(self) -> float | None:
        """From creation to approval, in seconds; None while not approved."""
        if not is_approved(self.task.status, self.task.approved_at):
            return None
        seconds: float = (self.task.approved_at - self.task.created_at).total_seconds()
        return seconds


@lru_cache(maxsize=1000)
def _revised(count: int, _language: str) -> str:
    """In the active language, which keeps them apart."""
    return ngettext("%(count)d field revised", "%(count)d fields revised", count) % {"count": count}


@dataclass(frozen=True, slots=True)
class SizeLink:
    size: int
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One list page. Addresses are "" where there is nothing to go to."""

    task_filter: TaskFilter
    notices: list[str]
    form: FilterForm
    chips: list[Chip]
    rows: list[Row]
    page: Page
    #: `nothing_synced`, `nothing_matches` or "".
    empty: str
    path: str
    #: The query of the list's first page. What depends on nothing else is kept by it (see `list.html`).
    list_query: str

    @property
    def headers(self) -> list[Header]:
        return headers(self.task_filter, self.path)

    @property
    def sizes(self) -> list[SizeLink]:
        start = self.task_filter.from_start()
        return [
            SizeLink(size, start.replace(limit=size).address(self.path), size == start.limit) for size in PAGE_SIZES
        ]

    def address_of(self, task_filter: TaskFilter | None) -> str:
        return task_filter.address(self.path) if task_filter is not None else ""

    @property
    def next_address(self) -> str:
        return self.address_of(self.page.following)

    @property
    def previous_address(self) -> str:
        return self.address_of(self.page.previous)

    @property
    def first_address(self) -> str:
        return self.address_of(self.page.start)

    @property
    def last_address(self) -> str:
        return self.address_of(self.page.end)

    @property
    def clear_address(self) -> str:
        return self.task_filter.without_criteria().address(self.path)

    @property
    def live_address(self) -> str:
        """Where the list is checked live; the past is not."""
        return "" if self.task_filter.as_of else self.task_filter.replace(source="").address(reverse("sync:live"))

    @property
    def present_address(self) -> str:
        return self.task_filter.from_start().replace(as_of=None).address(self.path)

    @property
    def count_address(self) -> str:
        return self.task_filter.whole_list().address(reverse("tasks:count"))

    @property
    def export_address(self) -> str:
        return self.task_filter.whole_list().address("/exports/new/")

    @property
    def review_address(self) -> str:
        """The queue of those that wait for review; the page belongs to the room above."""
        return self.task_filter.whole_list().address("/tasks/review/next/")

    @property
    def body(self) -> SafeString:
        """The rows as they stand in the table."""
        return table_rows(self.rows)


def ask(request: "MemberRequest") -> tuple[TaskFilter, list[str]]:
    """The filter this request asks for, and a sentence for everything that was left out."""
    # Only a list asked by status needs to know which ones there are beside the documented.
    values = Task.objects.all().distinct_values("status", request.workspace) if "status" in request.GET else ()
    reader = Reader(get_current_timezone(), frozenset(values), now=timezone.now(), page_size=request.user.page_size)
    task_filter, problems = parse(request.GET, reader)
    notices = [str(problem) for problem in problems]
    if strange := [name for name in task_filter.cols if name not in COLUMNS]:
        notices.append(_("There is no column “%(name)s”; it was left out.") % {"name": ", ".join(strange)[:80]})
        task_filter = task_filter.replace(cols=tuple(name for name in task_filter.cols if name in COLUMNS))
    if task_filter.cols == USUAL:
        task_filter = task_filter.replace(cols=())
    return task_filter, notices


def make_listing(
    request: "MemberRequest", task_filter: TaskFilter, notices: list[str], *, fresh: frozenset[UUID] = frozenset()
) -> Listing:
    """The page of the mirror that the filter names, with all that stands around it."""
    matching: Any = matching_tasks(request.workspace, task_filter, get_current_timezone())
    matching = matching.values_list(*SHOWN, named=True)
    try:
        page = read_page(matching, task_filter)
    except BrokenCursor:
        notices = [*notices, _("This place in the list cannot be found again; the list starts at its beginning.")]
        task_filter = task_filter.from_start()
        page = read_page(matching, task_filter)
    if not page.rows and page.start is not None:
        task_filter = task_filter.from_start().replace(before=END)
        page = read_page(matching, task_filter)
        if page.rows:
            notices = [*notices, _("The list ends before this place; this is its last page.")]
    if not page.rows and task_filter.as_of is not None:
        notices = [*notices, *_before_the_mirror(request.workspace, task_filter.as_of)]
    facets = Facets.of(request.workspace)
    path = reverse("tasks:list")
    return Listing(
        task_filter=task_filter,
        notices=notices,
        form=FilterForm(task_filter, facets),
        chips=chips(task_filter, path, facets.app_names),
        rows=_rows(page, task_filter, facets.app_names, fresh),
        page=page,
        empty="" if page.rows else ("nothing_matches" if facets.statuses else "nothing_synced"),
        path=path,
        list_query=task_filter.from_start().as_query(),
    )


def _before_the_mirror(workspace: Workspace, moment: dt.datetime) -> list[str]:
    """A sentence if nothing had been looked at by then."""
    looks = TaskVersion.objects.of(workspace).order_by("observed_at", "pk").values_list("observed_at", flat=True)
    first = looks.first()
    if first is None or first <= moment:
        return []
    return [
        _("The mirror begins at %(moment)s, by our clock; of the time before it knows no list.")
        % {"moment": show_edge(first)}
    ]


def _rows(page: Page, task_filter: TaskFilter, app_names: Mapping[UUID, str], fresh: frozenset[UUID]) -> list[Row]:
    keys = tuple(column.key for column in chosen_columns(task_filter))
    query = task_filter.as_query()
    suffix = f"?{query}" if query else ""
    reading = Reading.here()
    return [
        Row(
            task=task,
            address=f"/tasks/{task.task_id}/{suffix}",
            app=app_word(task.prompt_application_id, app_names),
            is_fresh=task.task_id in fresh,
            keys=keys,
            reading=reading,
        )
        for task in page.rows
    ]


def app_word(application_id: UUID | None, app_names: Mapping[UUID, str]) -> str:
    if application_id is None:
        return ""
    text = str(application_id)
    return app_names.get(application_id, f"{text[:8]}…{text[-4:]}")
