"""What the filter bar offers: every choice with whether it is taken, and the parameters it must carry along."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import caches
from django.utils.functional import Promise

from telareview.accounts.models import Workspace
from telareview.accounts.pseudonyms import hidden_workspace
from telareview.tasks.doers import ChangeDoer
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


def people_of(workspace: Workspace) -> tuple[str, ...]:
    """Whoever had a hand in a change. One statement, and none for some seconds; none for who may not see people."""
    if hidden_workspace():
        return ()

    def asked() -> tuple[str, ...]:
        return tuple(ChangeDoer.objects.all().distinct_values("person", workspace))

    kept = caches["pages"].get_or_set(f"people-{workspace.pk}", asked, FACETS_KEPT_SECONDS)
    return asked() if kept is None else kept


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
    """The filter bar's content, made from the same object that makes the SQL; each part of it when it is shown."""

    task_filter: TaskFilter
    facets: Facets

    @property
    def contents(self) -> str:
        """All that decides what the bar shows, but for the language: equal contents look alike."""
        return f"{self.task_filter.from_start().as_query()} {self.facets}"

    @property
    def statuses(self) -> list[Option]:
        seen = self.facets.statuses
        known = (status for status in STATUS_WORDS if status in seen or status in USUAL)
        return options([*known, *seen], self.task_filter.status, status_word)

    @property
    def revisions(self) -> list[Option]:
        return options(REVISIONS, self.task_filter.revision_process, revision_word)

    @property
    def approvers(self) -> list[Option]:
        return options(self.facets.approvers, self.task_filter.approved_by, str)

    @property
    def apps(self) -> list[Option]:
        names = self.facets.app_names
        chosen = tuple(map(str, self.task_filter.prompt_application_id))
        return options(map(str, self.facets.apps), chosen, lambda app: names.get(UUID(app), f"{app[:8]}…{app[-4:]}"))

    @property
    def approved(self) -> SpanInputs:
        return SpanInputs.of("approvedAt", self.task_filter.approved_at)

    @property
    def created(self) -> SpanInputs:
        return SpanInputs.of("createdAt", self.task_filter.created_at)

    @property
    def updated(self) -> SpanInputs:
        return SpanInputs.of("updatedAt", self.task_filter.updated_at)

    @property
    def columns(self) -> list[Option]:
        chosen = tuple(column.key for column in chosen_columns(self.task_filter))
        return options(COLUMNS, chosen, lambda key: COLUMNS[key].label)

    @property
    def usual_columns(self) -> str:
        """The columns of an address that names none, as the form would send them."""
        return ",".join(USUAL_COLUMNS)

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Parameters without a field in the bar, carried along by hidden ones."""
        return [pair for pair in self.task_filter.from_start().as_pairs() if pair[0] not in FIELDS]

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


#: The life of a task: offered also while no task stands there.
USUAL = ("created", "running", "validating", "completed", "failed")


def options(values: Iterable[str], chosen: tuple[str, ...], word: Callable[[str], str | Promise]) -> list[Option]:
    """A choice for every value, and for chosen ones that no longer occur."""
    every = dict.fromkeys([*values, *chosen])
    return [Option(value, word(value), value in chosen) for value in every]


def _input(moment: Moment | None) -> str:
    return show_moment(moment) if moment is not None else ""
