"""The log of what left the house: who exported which list, when, and how it ended."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace


class ExportRecord(models.Model):
    """One export, also a failed or cancelled one, with its manifest."""

    class Outcome(models.TextChoices):
        COMPLETE = "complete", _("complete")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    #: Null when a command made it.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Kept as text, so that the record outlives the person.
    person_email = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.TextField(_("outcome"), choices=Outcome, blank=True, default="")
    #: The canonical query string of the list.
    query = models.TextField(_("filter"), blank=True, default="")
    profile = models.TextField(_("profile"))
    columns = models.JSONField(default=list)
    rows = models.BigIntegerField(_("rows"), null=True)
    size_bytes = models.BigIntegerField(_("size"), null=True)
    sha256 = models.TextField(blank=True, default="")
    manifest = models.JSONField(default=dict)
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["workspace", "-started_at"], name="export_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
                name="export_ends_with_an_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.profile} {self.started_at:%Y-%m-%d %H:%M:%S}"
