"""Sentences about tasks: `Task.objects.of(workspace).matching(filter, zone).in_order(filter)`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from django.db import connection, models
from django.db.models import F, Max

from telareview.tasks.criteria import conditions
from telareview.tasks.filters import NEVER_EMPTY, TaskFilter
from telareview.tasks.gathering import Gathering
from telareview.tasks.outputs import output_conditions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from telareview.accounts.models import Workspace

#: More values than this are no drop-down any more; the rest is found by typing.
MAX_FACET_VALUES = 200


class FactsQuerySet(Gathering):
    """What lists of index cards and of versions have in common."""

    def of(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def with_key(self, column: str) -> Self:
        """Only the rows whose cell in this column is not empty."""
        return self.within(**{f"{column}__isnull": False})

    def in_order(self, task_filter: TaskFilter) -> Self:
        """The filter's order; empty cells last both ways; ends in the id, so that it is total."""
        column = task_filter.order_column
        sign = "-" if task_filter.descending else ""
        if column == "task_id":
            return self.order_by(f"{sign}task_id")
        if column in NEVER_EMPTY:
            # No NULLS LAST where nothing is null: only the plain order can be read from the index.
            return self.order_by(f"{sign}{column}", f"{sign}task_id")
        key = F(column)
        return self.order_by(key.desc(nulls_last=True) if sign else key.asc(nulls_last=True), f"{sign}task_id")

    def matching(self, task_filter: TaskFilter, zone: ZoneInfo) -> Self:
        """Rows for which every criterion of the filter holds; days are days of `zone`."""
        found = self.filter(conditions(task_filter, zone))
        if task_filter.output:
            found = found.filter(output_conditions(task_filter.output))
        if task_filter.gone == "exclude":
            found = found.filter(gone_at__isnull=True)
        elif task_filter.gone == "only":
            found = found.filter(gone_at__isnull=False)
        return found if self.has_index_for(task_filter) else found.looked_for_among(self)

    def has_index_for(self, task_filter: TaskFilter) -> bool:
        """Whether rows that match follow each other in an index, so that none has to be passed over."""
        asked = task_filter.narrowing - {"gone"}
        return not asked or asked == {task_filter.order_column}


class TaskQuerySet(FactsQuerySet):
    #: Criteria with an index of their own in the order of `updatedAt`.
    INDEXED = frozenset({"status", "approved_by", "prompt_application_id", "revision_process"})

    def has_index_for(self, task_filter: TaskFilter) -> bool:
        asked = task_filter.narrowing - {"gone"}
        is_led = (
            task_filter.order_by == "updatedAt"
            and len(asked) == 1
            and asked <= self.INDEXED
            and len(getattr(task_filter, min(asked))) == 1
        )
        return is_led or super().has_index_for(task_filter)

    def distinct_values(self, column: str, workspace: Workspace) -> list[Any]:
        """As `distinct_values_of`, of one column."""
        return self.distinct_values_of([column], workspace)[0]

    def distinct_values_of(self, columns: Sequence[str], workspace: Workspace) -> list[list[Any]]:
        """Of each indexed column its distinct values, sorted, at most `MAX_FACET_VALUES`, empty ones left out.

        A loose index scan: one probe a value (1 ms for a dozen approvers among 1,000,000 tasks), where
        SELECT DISTINCT would read every row (154 ms). One statement for all columns.
        """
        quote, table = connection.ops.quote_name, connection.ops.quote_name(self.model._meta.db_table)
        fields = [self.model._meta.get_field(column) for column in columns]
        scans, answers = [], []
        for number, field in enumerate(fields):
            name, found = quote(field.column), f"found_{number}"
            # Names come from the model, values travel as parameters. (min() knows no uuid before PostgreSQL 18.)
            every = f"SELECT {name} AS v FROM {table} WHERE workspace_id = %(workspace)s"  # noqa: S608
            least = f"({every} AND {name} IS NOT NULL ORDER BY {name} LIMIT 1)"
            further = f"({every} AND {name} > {found}.v ORDER BY {name} LIMIT 1)"
            scans.append(f"{found} AS ({least} UNION ALL SELECT {further} FROM {found} WHERE v IS NOT NULL)")  # noqa: S608
            answers.append(f"(SELECT {number}, v::text FROM {found} WHERE v IS NOT NULL LIMIT %(most)s)")  # noqa: S608
        values: list[list[Any]] = [[] for _ in columns]
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH RECURSIVE {', '.join(scans)} {' UNION ALL '.join(answers)}",
                {"workspace": workspace.pk, "most": MAX_FACET_VALUES},
            )
            for number, text in cursor.fetchall():
                values[number].append(fields[number].to_python(text))
        return values

    def by_task_id(self, task_id: UUID) -> Self:
        return self.filter(task_id=task_id)


class TaskVersionQuerySet(FactsQuerySet):
    def of_task(self, workspace: Workspace, task_id: UUID) -> Self:
        """Every version of one task, newest first."""
        return self.filter(workspace=workspace, task_id=task_id).order_by("-number")


class Furthest(NamedTuple):
    """The greatest values among all states observed by a moment; None where no state had one."""

    updated_at: datetime | None
    created_at: datetime | None
    approved_at: datetime | None
    reference: int | None


class HorizonQuerySet(models.QuerySet[Any]):
    def furthest(self, workspace: Workspace, moment: datetime) -> Furthest:
        """What no state known at the moment lies beyond: true of its whole day, so a little wide. One statement."""
        names = Furthest._fields
        seen = self.filter(workspace=workspace, day__lte=moment.astimezone(UTC).date())
        greatest = seen.aggregate(**{f"greatest_{name}": Max(name) for name in names})
        return Furthest(*(greatest[f"greatest_{name}"] for name in names))


class KnownCardQuerySet(FactsQuerySet):
    furthest: Furthest | None = None
    #: The same rows of all moments: one of them is met with each step along an index.
    of_all_times: Self | None = None
    #: Of those fewer are known at the moment, and a whole day of them may have come since.
    near_rows = 20_000

    def known_at(self, moment: datetime, furthest: Furthest) -> Self:
        """Of each task the card that stood at the moment."""
        if furthest.updated_at is None:
            return self.none()
        # True of every one of them; told so that the indexes need not be read from their far ends.
        near = self.filter(updated_at__lte=furthest.updated_at, created_at__lte=furthest.created_at)
        known = near.filter(observed_at__lte=moment, span__contains=moment)
        known.furthest, known.of_all_times = furthest, self
        return known

    def looked_for_among(self, others: Gathering) -> Self:
        every = others.of_all_times if isinstance(others, KnownCardQuerySet) else None
        return super().looked_for_among(others if every is None else every)

    def with_key(self, column: str) -> Self:
        found = super().with_key(column)
        bound = getattr(self.furthest, column, None)
        return found if bound is None or column in NEVER_EMPTY else found.within(**{f"{column}__lte": bound})

    def passed(self, order: Sequence[str]) -> Gathering | None:
        """Cards of all times, where the order is one of time those up to the furthest time: what else is known of the
        moment's cards lets an index pass none of the others."""
        column = order[0].removeprefix("-")
        bound = getattr(self.furthest, column, None) if column in NEVER_EMPTY else None
        return self.among if self.among is None or bound is None else self.among.filter(**{f"{column}__lte": bound})

    def read_in_order(self, order: Sequence[str], most: int) -> list[Any]:
        """As for every list, of each table its own first rows: one LIMIT over both lets PostgreSQL think that the few
        former cards of a moment are best looked for by reading all of them in order."""
        if self.query.is_empty():
            return []
        standing, former = (self.filter(stands=stands).order_by(*order)[:most] for stands in (True, False))
        return list(standing.union(former, all=True).order_by(*order)[:most])

    def _clone(self) -> Self:
        clone: Self = super()._clone()
        clone.furthest, clone.of_all_times = self.furthest, self.of_all_times
        return clone
