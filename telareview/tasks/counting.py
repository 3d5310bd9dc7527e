"""How many tasks a list has, off the critical path of its page."""

from dataclasses import dataclass

from telareview.tasks.querysets import FactsQuerySet

#: Beyond this the page says "10 000+": counting further is worth a click, not a wait (3.7 ms against 110 ms).
COUNT_CAP = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    #: There are more than `number`.
    capped: bool


def count(matching: FactsQuerySet, *, exact: bool = False) -> Count:
    """The number of tasks, counted to `COUNT_CAP` unless `exact`."""
    if exact:
        return Count(matching.order_by().count(), capped=False)
    found = matching.order_by().values("pk")[: COUNT_CAP + 1].count()
    return Count(min(found, COUNT_CAP), capped=found > COUNT_CAP)
