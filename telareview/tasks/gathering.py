"""The first rows of a list whatever its criteria: none of them may lead past a million rows that do not match.

PostgreSQL reads an ordered list with LIMIT along the index of its order while it believes that matching rows are met
often. Of a value that occurs nowhere, and of two that never meet, it has no way to know: it then reads everything
(4 s for a field that nobody edited, among 3,000,000 versions). So only so many rows are passed over that way; what is
not found among them is rare, or lies far back, and is gathered first and put in order afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Q
from django.db.models.fields.tuple_lookups import (
    TupleGreaterThan,
    TupleGreaterThanOrEqual,
    TupleLessThan,
    TupleLessThanOrEqual,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A page of 50 that is not full after these is of a filter that fewer than one row in a hundred meets.
NEAR_ROWS = 5_000


class Gathering(models.QuerySet[Any]):
    """Reads the first rows of an order that is total: every name in it has the same direction."""

    #: The rows passed on the way, those that do not match included; None where every one that is met matches.
    among: Gathering | None = None
    #: These rows once more, asked for as it suits those that are gathered first.
    whole: Gathering | None = None
    #: Rows that are passed over on the way before the rest is gathered.
    near_rows = NEAR_ROWS

    def looked_for_among(self, others: Gathering) -> Self:
        """These rows, which may be rare among the others."""
        found = self.all()
        found.among, found.whole = others, self.all()
        return found

    def filter(self, *args: Any, **kwargs: Any) -> Self:
        """Of those that are gathered first as well: who asks further must not get what was gathered without it."""
        found = super().filter(*args, **kwargs)
        if found.whole is not None:
            found.whole = found.whole.filter(*args, **kwargs)
        return found

    def exclude(self, *args: Any, **kwargs: Any) -> Self:
        found = super().exclude(*args, **kwargs)
        if found.whole is not None:
            found.whole = found.whole.exclude(*args, **kwargs)
        return found

    def within(self, *places: Any, **named: Any) -> Self:
        """Only rows at these places of the list: what holds for those that match and for those passed on the way."""
        place = Q(*places, **named)
        return self._placed(place, place)

    def beyond(self, names: Sequence[str], row: Sequence[Any], *, descending: bool) -> Self:
        """Only rows after this one in an order of two names, or before it (`descending`)."""
        together = (TupleLessThan if descending else TupleGreaterThan)(tuple(names), tuple(row))
        # Of a comparison of rows PostgreSQL expects as few as of its first column alone, none where that is the same
        # for most; it then reads all of those one by one, however few rows match (8 s for 113 of a million).
        side, (first, second) = "lt" if descending else "gt", names
        apart = Q(**{f"{first}__{side}": row[0]}) | Q(**{first: row[0], f"{second}__{side}": row[1]})
        return self._placed(_ranged(together, first, row[0], up=not descending), apart)

    def _placed(self, place: Q, apart: Q) -> Self:
        found = self.filter(place)
        if self.among is not None and self.whole is not None:
            found.among, found.whole = self.among.filter(place), self.whole.filter(apart)
        return found

    def first_rows(self, order: Sequence[str], most: int) -> list[Any]:
        """One statement, or two; four where the rows turn out to be rare."""
        edge = self._edge(order)
        if edge is None:
            return self.read_in_order(order, most)
        near = self.filter(edge).read_in_order(order, most)
        return near if len(near) >= most else self._gathered(order, most)

    def read_in_order(self, order: Sequence[str], most: int) -> list[Any]:
        """One statement, as PostgreSQL thinks best."""
        return list(self.order_by(*order)[:most])

    def passed(self, order: Sequence[str]) -> Gathering | None:
        """The rows that are met on the way along this order; None where every one that is met matches."""
        return self.among

    def _edge(self, order: Sequence[str]) -> Any:
        """A condition that holds for the first `near_rows` rows; None where nothing lies beyond, or need be passed."""
        passed = self.passed(order)
        if passed is None or passed.query.is_empty():
            return None
        names = tuple(name.removeprefix("-") for name in order)
        row = passed.order_by(*order).values_list(*names)[self.near_rows : self.near_rows + 1].first()
        if row is None:
            return None
        descending = order[0].startswith("-")
        if len(names) == 1 or row[0] is None:
            return Q(**{f"{names[-1]}__{'gte' if descending else 'lte'}": row[-1]})
        together = (TupleGreaterThanOrEqual if descending else TupleLessThanOrEqual)(names, row)
        return _ranged(together, names[0], row[0], up=descending)

    def _gathered(self, order: Sequence[str], most: int) -> list[Any]:
        """All that match are found first, by whatever finds them, and sorted then. Two statements."""
        names = [name.removeprefix("-") for name in order]
        listed = ", ".join(f"place_{number}" for number in range(len(names)))
        sorting = ", ".join(
            f"place_{number}{' DESC' if name.startswith('-') else ''}" for number, name in enumerate(order)
        )
        try:
            whole = self if self.whole is None else self.whole
            found, parameters = whole.order_by().values_list(*names, "pk").query.sql_with_params()
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH found ({listed}, key) AS MATERIALIZED ({found}) "  # noqa: S608 - the parts are Django's and ours
                f"SELECT place_{len(names) - 1}, key FROM found ORDER BY {sorting} LIMIT %s",
                (*parameters, most),
            )
            found_rows = cursor.fetchall()
        if not found_rows:
            return []
        lasts, keys = zip(*found_rows, strict=True)
        # The last place is an id as well, and of index cards known at a moment the one that has an index.
        return list(self.filter(pk__in=keys, **{f"{names[-1]}__in": lasts}).order_by(*order))

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.among, clone.whole = self.among, self.whole
        return clone


def _ranged(together: Any, first: str, key: Any, *, up: bool) -> Q:
    """A comparison of rows, and what it says of the first column: only of columns PostgreSQL sees that two bounds make
    a range, and how narrow it is."""
    return Q(together, **{f"{first}__{'gte' if up else 'lte'}": key})
