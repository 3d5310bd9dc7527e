"""One `TaskFilter` as conditions on `TaskFacts`: the same for the index card and for versions."""

import re
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from telareview.tasks.filters import Span, TaskFilter
from telareview.tasks.moments import end_instant, first_instant

#: The beginning of an id, from eight characters on, as people paste it from a short id.
ID_BEGINNING = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}", re.IGNORECASE)
MAX_REFERENCE = 2**63 - 1


def conditions(task_filter: TaskFilter, zone: ZoneInfo) -> Q:
    """All criteria but `gone`, `asOf` and `output`, which need more than the facts."""
    every = Q()
    if task_filter.q:
        every &= _search(task_filter.q)
    if task_filter.status:
        every &= Q(status__in=task_filter.status)
    if task_filter.approved_by:
        every &= Q(approved_by__in=task_filter.approved_by)
    if task_filter.created_by:
        every &= Q(created_by__in=task_filter.created_by)
    if task_filter.revision_process:
        every &= Q(revision_process__in=task_filter.revision_process)
    for column, span in (
        ("approved_at", task_filter.approved_at),
        ("created_at", task_filter.created_at),
        ("updated_at", task_filter.updated_at),
    ):
        every &= within(column, span, zone)
    if task_filter.prompt_application_id:
        every &= Q(prompt_application_id__in=task_filter.prompt_application_id)
    if task_filter.prompt_version_id:
        every &= Q(prompt_version_id__in=task_filter.prompt_version_id)
    if task_filter.ids:
        every &= Q(task_id__in=task_filter.ids)
    if task_filter.task_name:
        every &= Q(name__icontains=task_filter.task_name)
    if task_filter.tags:
        every &= Q(tags__overlap=list(task_filter.tags))
    if task_filter.edited_field:
        every &= Q(edited_paths__overlap=list(task_filter.edited_field))
    return every


def within(column: str, span: Span, zone: ZoneInfo) -> Q:
    """The column lies in the span; days are days of `zone`."""
    inside = Q()
    if span.since is not None:
        inside &= Q(**{f"{column}__gte": first_instant(span.since, zone)})
    if span.until is not None:
        end, included = end_instant(span.until, zone)
        inside &= Q(**{f"{column}__lte" if included else f"{column}__lt": end})
    return inside


def _search(text: str) -> Q:
    """Name contains; `#48213` or a bare number is a reference too; an id or its beginning finds the task."""
    found = Q(name__icontains=text)
    number = text.removeprefix("#").replace(" ", "").replace(".", "")
    if number.isascii() and number.isdecimal() and int(number) <= MAX_REFERENCE:
        found |= Q(reference=int(number))
    if ID_BEGINNING.fullmatch(text):
        digits = text.replace("-", "")[:32]
        found |= Q(task_id__gte=UUID(digits.ljust(32, "0")), task_id__lte=UUID(digits.ljust(32, "f")))
    return found
