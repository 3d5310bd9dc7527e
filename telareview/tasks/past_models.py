"""The list as it was known at a moment: index cards that were replaced, and how far the mirror had seen on which day.

Both tables are derived from the versions and can be made anew from them (`tasks.former`); neither proves anything.
"""

from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models

from telareview.accounts.models import Workspace
from telareview.tasks.fact_columns import TaskFacts
from telareview.tasks.querysets import HorizonQuerySet, KnownCardQuerySet


class FormerCard(TaskFacts):
    """An index card as it was before a newer version took its place. Written by `tasks.former` alone.

    Only what is no longer known stands here: a task seen once has no former card, so a first pull writes none.
    """

    gone_at = models.DateTimeField(null=True)
    version_id: Any = models.BigIntegerField(unique=True)
    version_number = models.IntegerField()
    observed_at = models.DateTimeField()
    #: From the look that found this state up to the one that found the next. Empty where the next one began earlier.
    span = DateTimeRangeField()

    class Meta:
        verbose_name = "former card"
        verbose_name_plural = "former cards"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "task_id", "version_number"], name="former_card_once")
        ]
        indexes = [
            # What was under way at a moment, where that is little …
            GistIndex(fields=["span"], name="former_span"),
            # … and one per order of the list where it is much, as when every task has changed since.
            models.Index(fields=["workspace", "updated_at", "task_id"], name="former_by_updated_at"),
            models.Index(fields=["workspace", "created_at", "task_id"], name="former_by_created_at"),
            models.Index(fields=["workspace", "approved_at", "task_id"], name="former_by_approved_at"),
            models.Index(fields=["workspace", "name_start", "task_id"], name="former_by_name"),
            models.Index(fields=["workspace", "reference", "task_id"], name="former_by_reference"),
            models.Index(fields=["workspace", "created_by", "task_id"], name="former_by_created_by"),
            models.Index(fields=["workspace", "status", "task_id"], name="former_by_status"),
            models.Index(fields=["workspace", "approved_by", "task_id"], name="former_by_approved_by"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} v{self.version_number}"


class KnownCard(TaskFacts):
    """Every card of all times, each with the span in which it was what the mirror knew: a view over both tables.

    Of each task at most one card's span holds a given moment. PostgreSQL reads the two tables' indexes side by side.
    """

    version_id: Any = models.BigIntegerField(primary_key=True)
    gone_at = models.DateTimeField(null=True)
    version_number = models.IntegerField()
    observed_at = models.DateTimeField()
    #: Of a card that still stands: everything, so that `observed_at` alone decides.
    span = DateTimeRangeField()
    #: Whether it is the task's card now.
    stands = models.BooleanField()

    objects = KnownCardQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "tasks_knowncard"
        verbose_name = "card known at a moment"
        verbose_name_plural = "cards known at a moment"

    def __str__(self) -> str:
        return f"{self.task_id} v{self.version_number}"


class Horizon(models.Model):
    """The furthest values among all states observed on one day: no state known by then lies beyond.

    A list in the order of time as of last year need not read its way through everything that came since.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: In UTC.
    day = models.DateField()
    updated_at = models.DateTimeField()
    created_at = models.DateTimeField()
    #: Null where no state of that day has one.
    approved_at = models.DateTimeField(null=True)
    reference = models.BigIntegerField(null=True)

    objects = HorizonQuerySet.as_manager()

    class Meta:
        verbose_name = "horizon"
        verbose_name_plural = "horizons"
        constraints = [models.UniqueConstraint(fields=["workspace", "day"], name="horizon_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day}"
