"""The export panel: how many rows, which kind of file, which columns; it opens with what was chosen last."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from telareview.exports.columns import COLUMNS, DEFAULT_COLUMNS, OUTPUT_PREFIX
from telareview.exports.csv_excel import LOCALES
from telareview.exports.models import ExportChoice
from telareview.exports.plan import DELIMITERS, Plan, plan_export
from telareview.exports.profiles import PROFILES, Profile
from telareview.exports.space import Space, space
from telareview.tasks.chips import Chip, chips
from telareview.tasks.counting import Count
from telareview.tasks.filter_form import Facets
from telareview.tasks.filters import TaskFilter
from telareview.tasks.known import matching_tasks
from telareview.tasks.leaves import walk
from telareview.tasks.models import OutputIndex
from telareview.tasks.paging import read_page
from telareview.tasks.raw_view import escape_unsendable

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest
    from telareview.tasks.parameters import MultiDict

#: Outputs that are looked into for paths to offer, values of each of them, and paths that are offered.
OUTPUTS_SEEN, LEAVES_SEEN, PATHS_OFFERED = 20, 200, 40


@dataclass(frozen=True, slots=True)
class Tick:
    """One thing that can be chosen: a column, or a delimiter."""

    name: str
    label: str | Promise
    chosen: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything the panel shows."""

    task_filter: TaskFilter
    #: The filter in words, each with its value.
    chips: list[Chip]
    count: Count
    profiles: list[Profile]
    profile: str
    #: Of files for people; the first is that of the reader's language.
    delimiters: list[Tick]
    columns: list[Tick]
    outputs: list[Tick]
    #: Chosen paths of outputs that are not among those offered, a line each.
    further: str
    space: Space
    #: Where a script gets the file at once.
    csv_link: str

    @property
    def query(self) -> str:
        return self.task_filter.as_query()

    @property
    def jobs(self) -> list[str]:
        """The kinds of file for which the list is too long to be written while the browser waits."""
        return [each.name for each in self.profiles if self.count.capped or self.count.number > each.direct_rows]

    @property
    def output_chosen(self) -> bool:
        return bool(self.further) or any(tick.chosen for tick in self.outputs)

    @property
    def count_address(self) -> str:
        return self.task_filter.address("/tasks/count/")

    @property
    def exact_address(self) -> str:
        return f"{self.count_address}{'&' if self.query else '?'}exact=1"

    @property
    def list_address(self) -> str:
        return self.task_filter.address("/tasks/")


def make_panel(request: "MemberRequest", query: "MultiDict", form: QueryDict | None = None) -> Panel:
    """The panel for a list's query string, as it was sent (`form`) or as it was left last. Raises CannotExport."""
    plan = plan_for(request, query)
    choice = ExportChoice.objects.filter(workspace=request.workspace, person=request.user).first()
    choice = choice or ExportChoice(profile="machine", columns=list(DEFAULT_COLUMNS))
    profile, names, delimiter = choice.profile, choice.columns, choice.delimiter
    if form is not None:
        profile, names, delimiter = form.get("profile", profile), wanted_columns(form), form.get("delimiter", "")
    offered = output_paths(plan)
    taken = [name for name in names if name.startswith(OUTPUT_PREFIX)]
    return Panel(
        task_filter=plan.task_filter,
        chips=chips(plan.task_filter, "/tasks/", Facets.of(request.workspace).app_names),
        count=_count(plan, max(each.direct_rows for each in PROFILES.values())),
        profiles=list(PROFILES.values()),
        profile=profile if profile in PROFILES else "machine",
        delimiters=_delimiters(plan, delimiter),
        columns=[Tick(name, column.label, name in names) for name, column in COLUMNS.items()],
        outputs=[Tick(f"{OUTPUT_PREFIX}{path}", path, f"{OUTPUT_PREFIX}{path}" in taken) for path in offered],
        further="\n".join(
            name.removeprefix(OUTPUT_PREFIX) for name in taken if name[len(OUTPUT_PREFIX) :] not in offered
        ),
        space=space(),
        csv_link=request.build_absolute_uri(plan.task_filter.address("/tasks.csv")),
    )


def plan_for(
    request: "MemberRequest",
    query: "MultiDict",
    *,
    profile: str = "machine",
    columns: Iterable[str] = (),
    delimiter: str = "",
    sent: str = "",
) -> Plan:
    """The plan of this reader, in their zone and language. Raises CannotExport."""
    return plan_export(
        request.workspace,
        query,
        profile=profile,
        columns=columns,
        locale=get_language() or "en",
        delimiter=delimiter,
        sent=sent,
        requested_by=request.user.email,
    )


def wanted_columns(form: QueryDict) -> list[str]:
    """The columns of a sent panel, in its order: the ticked ones, then the paths that were typed."""
    typed = [line.strip() for line in form.get("paths", "").splitlines() if line.strip()]
    paths = [line if line.startswith(OUTPUT_PREFIX) else f"{OUTPUT_PREFIX}{line}" for line in typed]
    return list(dict.fromkeys([*form.getlist("columns"), *paths]))


def remember(request: "MemberRequest", plan: Plan) -> None:
    """Keep what was chosen, for the next time this person opens the panel in this workspace."""
    chosen: dict[str, object] = {"profile": plan.profile.name}
    if plan.profile.has_delimiter:
        chosen["delimiter"] = plan.delimiter
    if plan.columns:
        chosen["columns"] = [column.name for column in plan.columns]
    ExportChoice.objects.update_or_create(workspace=request.workspace, person=request.user, defaults=chosen)


def _delimiters(plan: Plan, chosen: str) -> list[Tick]:
    own = _("as in your language: %(delimiter)s") % {"delimiter": DELIMITERS[LOCALES[plan.locale][0]]}
    return [Tick(value, label, value == chosen) for value, label in {"": own, **DELIMITERS}.items()]


def takes_a_job(plan: Plan) -> bool:
    """Whether the list is too long to be written while the browser waits."""
    return _count(plan, plan.profile.direct_rows).capped


def check_rows(plan: Plan) -> None:
    """Raises TooManyRows where the kind of file holds fewer tasks than the list has."""
    most = plan.profile.most_rows
    if most is not None:
        count = _count(plan, most)
        plan.profile.check_rows(count.number + count.capped)


def _count(plan: Plan, most: int) -> Count:
    """How many tasks, counted up to so many."""
    matching = matching_tasks(plan.workspace, plan.task_filter, plan.zone)
    found = matching.order_by().values("pk")[: most + 1].count()
    return Count(min(found, most), capped=found > most)


def output_paths(plan: Plan) -> list[str]:
    """Paths that occur in outputs of the first tasks of the list, sorted; those through lists are left out."""
    beginning = plan.task_filter.from_start().replace(limit=OUTPUTS_SEEN)
    first = read_page(matching_tasks(plan.workspace, plan.task_filter, plan.zone), beginning).rows
    ids = [task.task_id for task in first]
    contents = OutputIndex.objects.filter(workspace=plan.workspace, task_id__in=ids).values_list("content", flat=True)
    found = (path for content in contents for path, _value in islice(walk(content), LEAVES_SEEN))
    paths = {escape_unsendable(path) for path in found if "[" not in path}
    return sorted(path for path in paths if path)[:PATHS_OFFERED]
