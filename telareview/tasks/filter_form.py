"""What the filter bar offers: every choice with whether it is taken, and the parameters it must carry along."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import caches
from django.utils.functional import Promise

from telareview.accounts.models import Workspace
from telareview.accounts.pseudonyms import hidden_workspace
from telareview.tasks.filters import REVISIONS, Span, TaskFilter
from telareview.tasks.list_columns import COLUMNS, chosen_columns
from telareview.tasks.list_columns import USUAL as USUAL_COLUMNS
from telareview.tasks.models import AppName, Task
from telareview.tasks.moments import Moment, show_moment
from telareview.tasks.words import STATUS_WORDS, revision_word, status_word

#: How long a new approver may be missing in the filter bar: the three scans took a tenth of a page's time.
FACETS_KEPT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str | Promise
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facets:
    """The values that occur in a workspace's mirror: two statements, whatever its size, and none for some seconds."""

    statuses: tuple[str, ...]
    approvers: tuple[str, ...]
    apps: tuple[UUID, ...]
    app_names: Mapping[UUID, str]

    @classmethod
    def of(cls, workspace: Workspace) -> "Facets":
        # Readers who may not see people are offered none; what is kept for one kind is never shown to the other.
        key = f"facets-{workspace.pk}-{'hidden' if hidden_workspace() else 'shown'}"
        found: Facets | None = caches["pages"].get_or_set(key, lambda: cls._asked(workspace), FACETS_KEPT_SECONDS)
        return found or cls._asked(workspace)

    @classmethod
    def _asked(cls, workspace: Workspace) -> "Facets":
        columns = ("status", "approved_by", "prompt_application_id")
        statuses, approvers, apps = Task.objects.all().distinct_values_of(columns, workspace)
        return cls(
            statuses=tuple(statuses),
            # A choice of addresses would tell them to a reader who may not see people.
            approvers=() if hidden_workspace() else tuple(approvers),
            apps=tuple(apps),
            app_names=dict(AppName.objects.filter(workspace=workspace).values_list("application_id", "name")),
        )


@dataclass(frozen=True, slots=True)
class SpanInputs:
    """Two date inputs of one range; an instant is kept as it stands, so that a form sent again loses nothing."""

    parameter: str
    since: str
    until: str

    @classmethod
    def of(cls, parameter: str, span: Span) -> "SpanInputs":
        return cls(parameter, _input(span.since), _input(span.until))


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filter bar's content, made from the same object that makes the SQL."""

    task_filter: TaskFilter
    statuses: list[Option]
    revisions: list[Option]
    approvers: list[Option]
    apps: list[Option]
    approved: SpanInputs
    created: SpanInputs
    updated: SpanInputs
    columns: list[Option]
    #: Parameters without a field in the bar, carried along by hidden ones.
    carried: list[tuple[str, str]]

    @property
    def usual_columns(self) -> str:
        """The columns of an address that names none, as the form would send them."""
        return ",".join(USUAL_COLUMNS)

    @property
    def contents(self) -> str:
        """All that is shown in the bar, but for the language: equal contents look alike."""
        options = (self.statuses, self.revisions, self.approvers, self.apps, self.columns)
        offered = [
            [(each.value, each.chosen, each.label if isinstance(each.label, str) else "") for each in some]
            for some in options
        ]
        return f"{self.task_filter.from_start().as_query()} {offered}"

    @property
    def has_more(self) -> bool:
        """Whether anything behind “More filters” is set."""
        asked = self.task_filter
        return bool(
            asked.created_by
            or asked.tags
            or asked.edited_field
            or asked.task_name
            or asked.created_at
            or asked.updated_at
            or asked.gone != "exclude"
        )


#: Parameters that the bar has fields for; the place in the list is left behind when the filter changes.
FIELDS = frozenset(
    (
        *("q", "status", "approvedBy", "revisionProcess", "promptApplicationId", "createdBy", "tags", "editedField"),
        *("approvedAtSince", "approvedAtUntil", "createdAtSince", "createdAtUntil", "updatedAtSince", "updatedAtUntil"),
        *("taskName", "gone", "cols", "page", "after", "before"),
    )
)


def filter_form(task_filter: TaskFilter, facets: Facets) -> FilterForm:
    statuses = dict.fromkeys([*(s for s in STATUS_WORDS if s in facets.statuses or s in USUAL), *facets.statuses])
    return FilterForm(
        task_filter=task_filter,
        statuses=options(statuses, task_filter.status, status_word),
        revisions=options(REVISIONS, task_filter.revision_process, revision_word),
        approvers=options(facets.approvers, task_filter.approved_by, str),
        apps=options(
            map(str, facets.apps),
            tuple(map(str, task_filter.prompt_application_id)),
            lambda app: facets.app_names.get(UUID(app), f"{app[:8]}…{app[-4:]}"),
        ),
        approved=SpanInputs.of("approvedAt", task_filter.approved_at),
        created=SpanInputs.of("createdAt", task_filter.created_at),
        updated=SpanInputs.of("updatedAt", task_filter.updated_at),
        columns=options(COLUMNS, tuple(column.key for column in chosen_columns(task_filter)), _column_word),
        carried=[pair for pair in task_filter.from_start().as_pairs() if pair[0] not in FIELDS],
    )


#: The life of a task: offered also while no task stands there.
USUAL = ("created", "running", "validating", "completed", "failed")


def _column_word(key: str) -> str | Promise:
    return COLUMNS[key].label


def options(values: Iterable[str], chosen: tuple[str, ...], word: Callable[[str], str | Promise]) -> list[Option]:
    """A choice for every value, and for chosen ones that no longer occur."""
    every = dict.fromkeys([*values, *chosen])
    return [Option(value, word(value), value in chosen) for value in every]


def _input(moment: Moment | None) -> str:
    return show_moment(moment) if moment is not None else ""
