"""The same filter asked of the API: what it can say goes into the call, the mirror does the rest."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview.tasks.filters import STATUSES, Span, TaskFilter
from telareview.tasks.moments import end_instant, first_instant
from telareview.tela import TaskQuery

#: Statuses that the documents of the API name as filter values; others may be refused.
ASKABLE_STATUSES = frozenset(STATUSES[:5])
MILLISECOND = timedelta(milliseconds=1)
MAX_IDS = 50


@dataclass(frozen=True, slots=True)
class ApiCall:
    query: TaskQuery
    #: Criteria that the call does not say; the mirror applies them.
    left_to_mirror: tuple[str | Promise, ...]


def api_call(task_filter: TaskFilter, zone: ZoneInfo, *, offset: int = 0, limit: int | None = None) -> ApiCall:
    """`GET /task` for one page of the filter.

    Tela joins two date ranges by OR, and creator with approver by OR; so one of each is asked and the rest is left.
    """
    left: list[str | Promise] = []
    said: dict[str, object] = {}
    _say_people(task_filter, said, left)
    _say_dates(task_filter, zone, said, left)
    if task_filter.status:
        if set(task_filter.status) <= ASKABLE_STATUSES:
            said["status"] = task_filter.status
        else:
            left.append(_("status"))
    if len(task_filter.revision_process) == 1 and task_filter.revision_process[0] != "unknown":
        said["revision_process"] = task_filter.revision_process[0]
    elif task_filter.revision_process:
        left.append(_("revision"))
    for name, label in (("prompt_application_id", _("app")), ("prompt_version_id", _("canvas version"))):
        values = getattr(task_filter, name)
        if len(values) == 1:
            said[name] = values[0]
        elif values:
            left.append(label)
    if 0 < len(task_filter.ids) <= MAX_IDS:
        said["ids"] = task_filter.ids
    elif task_filter.ids:
        left.append(_("ids"))
    # The kind of match of taskName and tags is not documented: the mirror decides.
    for name, label in (
        ("q", _("search")),
        ("task_name", _("name")),
        ("tags", _("tags")),
        ("edited_field", _("edited field")),
        ("output", _("output")),
    ):
        if getattr(task_filter, name):
            left.append(label)
    query = TaskQuery(
        limit=limit or task_filter.limit,
        offset=offset,
        order_by=task_filter.order_by,
        order=task_filter.order,
        exclude_input_output=True,
        **said,  # type: ignore[arg-type]
    )
    return ApiCall(query, tuple(left))


def _say_people(task_filter: TaskFilter, said: dict[str, object], left: list[str | Promise]) -> None:
    if task_filter.approved_by:
        said["approved_by"] = task_filter.approved_by
        if task_filter.created_by:
            left.append(_("creator"))
    elif task_filter.created_by:
        said["created_by"] = task_filter.created_by


def _say_dates(task_filter: TaskFilter, zone: ZoneInfo, said: dict[str, object], left: list[str | Promise]) -> None:
    ranges: list[tuple[str, Span, Promise]] = [
        ("approved_at", task_filter.approved_at, _("approved")),
        ("created_at", task_filter.created_at, _("created")),
        ("updated_at", task_filter.updated_at, _("updated")),
    ]
    asked = [each for each in ranges if each[1]]
    for name, span, _label in asked[:1]:
        said[f"{name}_since"] = first_instant(span.since, zone) if span.since is not None else None
        said[f"{name}_until"] = _end(span, zone)
    left.extend(label for _name, _span, label in asked[1:])


def _end(span: Span, zone: ZoneInfo) -> datetime | None:
    if span.until is None:
        return None
    end, included = end_instant(span.until, zone)
    return end if included else end - MILLISECOND
