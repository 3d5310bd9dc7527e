"""The record of what was erased: who asked for it, why, and which records lost what they said."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
from telareview.ledger.guards import append_only
from telareview.tasks.columns import ExactJSONField


class Erasure(models.Model):
    """One request to erase, carried out. Append-only; written by the database function `erase_records` alone."""

    class Scope(models.TextChoices):
        TASKS = "tasks", _("everything personal about tasks")
        PAYLOADS = "payloads", _("payloads past their time")
        LIFTED = "lifted", _("an erasure lifted")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: What people quote: "request 3" of a workspace.
    number = models.IntegerField()
    scope = models.TextField(choices=Scope)
    reason = models.TextField(_("reason"))
    #: E-mail address; "" for a command or the worker.
    asked_by = models.TextField(blank=True, default="")
    #: The tasks concerned, by value.
    task_ids = ArrayField(models.UUIDField())
    #: `[[source, id], …]`: the sealed records that lost something, as compact JSON.
    records = ExactJSONField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="erasure_number_once")]
        indexes = [GinIndex(fields=["task_ids"], name="erasure_of_task")]
        triggers = append_only("erasures")

    def __str__(self) -> str:
        return f"erasure {self.number}"


class Retention(models.Model):
    """How long payloads are kept, where somebody has set it. Without a row they are kept for ever."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    #: Of states older than so many days (by our clock) the payload goes; their facts stay.
    payload_days = models.PositiveIntegerField()
    set_by = models.TextField(blank=True, default="")
    set_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retentions")

    def __str__(self) -> str:
        return f"{self.payload_days} days"
