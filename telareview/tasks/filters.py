"""The address is the query: one frozen `TaskFilter` between URL, form, chips, live call, SQL and CSV."""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from telareview.tasks.moments import Moment, show_moment

#: The API's sort names and the columns of `TaskFacts` behind them. A closed list: nothing else reaches ORDER BY.
ORDER_COLUMNS = {
    "name": "name_start",
    "reference": "reference",
    "approvedAt": "approved_at",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "id": "task_id",
    "status": "status",
    "approvedBy": "approved_by",
    "createdBy": "created_by",
}
#: Of these, the columns that Tela always fills; in the others a cell may be empty.
NEVER_EMPTY = frozenset({"task_id", "status", "created_at", "updated_at"})
#: Every status the documents name. More may come from Tela; those seen in a mirror are accepted beside these.
STATUSES = ("created", "running", "validating", "completed", "failed", "cancelled", "approved", "pending")
REVISIONS = ("approvedDirectly", "approvedWithRevisions", "unknown")
PAGE_SIZES = (25, 50, 100)
DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to `until`, both inclusive, either open."""

    since: Moment | None = None
    until: Moment | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True, order=True)
class OutputCondition:
    """A condition on one extracted value: `output.<path>` `=`, `__gte`, `__lte` or `__contains` a value."""

    path: str
    operator: Literal["", "gte", "lte", "contains"]
    value: str

    @property
    def parameter(self) -> str:
        return f"output.{self.path}" + (f"__{self.operator}" if self.operator else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """What is asked of the list. All criteria AND, the values of one criterion OR.

    `tasks.parameters.parse` makes one from a query string, `as_query` writes it back; defaults are left out and the
    order is canonical, so equal filters have equal addresses.
    """

    q: str = ""
    status: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    created_by: tuple[str, ...] = ()
    revision_process: tuple[str, ...] = ()
    approved_at: Span = field(default_factory=Span)
    created_at: Span = field(default_factory=Span)
    updated_at: Span = field(default_factory=Span)
    prompt_application_id: tuple[UUID, ...] = ()
    prompt_version_id: tuple[UUID, ...] = ()
    ids: tuple[UUID, ...] = ()
    task_name: str = ""
    tags: tuple[str, ...] = ()
    edited_field: tuple[str, ...] = ()
    output: tuple[OutputCondition, ...] = ()
    gone: Literal["exclude", "include", "only"] = "exclude"
    as_of: dt.datetime | None = None
    source: Literal["", "live"] = ""
    order_by: str = "updatedAt"
    order: Literal["asc", "desc"] = "desc"
    limit: int = DEFAULT_PAGE_SIZE
    #: The page size that an address without `limit` means: the reader's own.
    usual_limit: int = DEFAULT_PAGE_SIZE
    cols: tuple[str, ...] = ()
    #: The number shown to people; without a cursor it is also the place. 0 = reached without counting.
    page: int = 1
    #: Opaque cursors of `tasks.paging`: the rows after, or before, the one named. `before=end` is the last page.
    after: str = ""
    before: str = ""

    def replace(self, **changes: Any) -> Self:
        """The same filter with some criteria changed."""
        return dataclasses.replace(self, **changes)

    def from_start(self) -> Self:
        """The same list at its first page."""
        return self.replace(page=1, after="", before="") if self.has_place else self

    def whole_list(self) -> Self:
        """The list itself, without place, page size and columns: what is exported, counted and compared."""
        return self.replace(page=1, after="", before="", limit=self.usual_limit, cols=(), source="")

    def without_criteria(self) -> Self:
        """Every task, in the same order, page size and columns."""
        plain = TaskFilter()
        return self.from_start().replace(as_of=None, source="", **{name: getattr(plain, name) for name in CRITERIA})

    @property
    def order_column(self) -> str:
        """The column of `TaskFacts` that `orderBy` names."""
        return ORDER_COLUMNS[self.order_by]

    @property
    def descending(self) -> bool:
        return self.order == "desc"

    @property
    def has_place(self) -> bool:
        """Whether it names another page than the first."""
        return bool(self.page != 1 or self.after or self.before)

    @property
    def is_narrowed(self) -> bool:
        """Whether any criterion is set (order, page and columns do not narrow)."""
        return bool(self.narrowing)

    @property
    def narrowing(self) -> frozenset[str]:
        """The fields of the criteria that are set."""
        return frozenset(name for name in CRITERIA if getattr(self, name) != getattr(_PLAIN, name))

    def as_pairs(self) -> list[tuple[str, str]]:
        """Parameters in canonical order, defaults left out. Values of one criterion in their own order."""
        pairs: list[tuple[str, str]] = []

        def say(parameter: str, values: Iterable[Any]) -> None:
            pairs.extend((parameter, str(value)) for value in values)

        say("q", [self.q] if self.q else [])
        say("status", self.status)
        say("approvedBy", self.approved_by)
        say("createdBy", self.created_by)
        say("revisionProcess", self.revision_process)
        for parameter, span in (
            ("approvedAt", self.approved_at),
            ("createdAt", self.created_at),
            ("updatedAt", self.updated_at),
        ):
            say(f"{parameter}Since", [show_moment(span.since)] if span.since else [])
            say(f"{parameter}Until", [show_moment(span.until)] if span.until else [])
        say("promptApplicationId", self.prompt_application_id)
        say("promptVersionId", self.prompt_version_id)
        say("ids", self.ids)
        say("taskName", [self.task_name] if self.task_name else [])
        say("tags", self.tags)
        say("editedField", self.edited_field)
        pairs.extend((condition.parameter, condition.value) for condition in self.output)
        say("gone", [self.gone] if self.gone != "exclude" else [])
        say("asOf", [show_moment(self.as_of)] if self.as_of else [])
        say("source", [self.source] if self.source else [])
        say("orderBy", [self.order_by] if self.order_by != "updatedAt" else [])
        say("order", [self.order] if self.order != "desc" else [])
        # A place is one only together with the page size it was counted in.
        say("limit", [self.limit] if self.limit != self.usual_limit or self.has_place else [])
        say("cols", [",".join(self.cols)] if self.cols else [])
        say("page", [self.page] if self.page != 1 else [])
        say("after", [self.after] if self.after else [])
        say("before", [self.before] if self.before else [])
        return pairs

    def as_query(self) -> str:
        """The query string, without `?`."""
        return urlencode(self.as_pairs())

    def address(self, path: str) -> str:
        """`path` with this filter's query string, if it has any."""
        query = self.as_query()
        return f"{path}?{query}" if query else path


_PLAIN = TaskFilter()
#: The fields that narrow the list.
CRITERIA = (
    "q",
    "status",
    "approved_by",
    "created_by",
    "revision_process",
    "approved_at",
    "created_at",
    "updated_at",
    "prompt_application_id",
    "prompt_version_id",
    "ids",
    "task_name",
    "tags",
    "edited_field",
    "output",
    "gone",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes a filter is read with: days are days of this zone."""

    zone: ZoneInfo
    #: Statuses seen in the mirror beside the documented ones.
    statuses: frozenset[str] = frozenset()
    #: The present, for `asOf`; None lets every moment stand.
    now: dt.datetime | None = None
    page_size: int = DEFAULT_PAGE_SIZE
