"""The log of what left the house: who exported which list, how it ended, and who took the file away."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Person, Workspace


class ExportRecord(models.Model):
    """One export, also a failed or cancelled one, with its manifest. Its file lies in `exports.stored`."""

    class Outcome(models.TextChoices):
        COMPLETE = "complete", _("complete")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Trouble(models.TextChoices):
        """Why there is no file. The words are sentences of `exports.trouble`."""

        DISK = "disk"
        SPACE = "space"
        DATABASE = "database"
        TOO_LONG = "too_long"
        ENDED = "ended"
        REFUSED = "refused"
        ERASED = "erased"
        OTHER = "other"

    class Removal(models.TextChoices):
        EXPIRED = "expired", _("its time was over")
        BY_HAND = "by_hand", _("deleted by hand")
        ERASED = "erased", _("data of a task was erased")
        LOST = "lost", _("it is no longer on the disk")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    #: Null when a command made it.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Kept as text, so that the record outlives the person.
    person_email = models.TextField(blank=True, default="")
    #: When it was asked for; a job begins later (`taken_up_at`).
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
    #: What went wrong, as the program said it; people read the sentence of `trouble`.
    error = models.TextField(_("error"), blank=True, default="")
    trouble = models.TextField(choices=Trouble, blank=True, default="")

    #: Written by a worker instead of within the request.
    by_job = models.BooleanField(default=False)
    #: `Plan.as_json`: everything that makes the file.
    plan = models.JSONField(default=dict)
    taken_up_at = models.DateTimeField(null=True)
    #: How many times a worker has begun it; more than once after a worker was killed.
    attempts = models.PositiveSmallIntegerField(default=0)
    rows_expected = models.BigIntegerField(null=True)
    rows_done = models.BigIntegerField(default=0)
    cancel_asked_at = models.DateTimeField(null=True)
    cancelled_by = models.TextField(blank=True, default="")

    #: Under which the file is offered; "" where none was kept.
    file_name = models.TextField(blank=True, default="")
    kept_until = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    removal = models.TextField(choices=Removal, blank=True, default="")

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [
            models.Index(fields=["workspace", "-started_at"], name="export_newest_first"),
            # Few at a time: what is asked every minute, and for every byte of the spool.
            models.Index(fields=["id"], condition=Q(ended_at=None), name="export_not_ended"),
            models.Index(
                fields=["kept_until"], condition=Q(kept_until__isnull=False, removed_at=None), name="export_file_kept"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
                name="export_ends_with_an_outcome",
            ),
            # What ends well can be proved: nothing is called complete without its counts.
            models.CheckConstraint(
                condition=~Q(outcome="complete") | Q(rows__isnull=False, size_bytes__isnull=False) & ~Q(sha256=""),
                name="export_complete_has_its_counts",
            ),
            models.CheckConstraint(
                condition=Q(kept_until=None) | Q(outcome="complete") & ~Q(file_name=""),
                name="export_keeps_complete_files_only",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None, removal="") | Q(removed_at__isnull=False) & ~Q(removal=""),
                name="export_removed_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile} {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def state(self) -> str:
        """`waiting`, `running`, or the outcome."""
        if self.outcome:
            return self.outcome
        return "waiting" if self.by_job and self.taken_up_at is None else "running"

    @property
    def percent(self) -> int | None:
        """How much is written, 0 to 99 while it runs; None before the rows were counted."""
        if self.outcome == self.Outcome.COMPLETE:
            return 100
        if self.rows_expected is None:
            return None
        return min(99, 100 * self.rows_done // max(1, self.rows_expected))

    @property
    def has_file(self) -> bool:
        """Whether its file can be downloaded now."""
        return self.kept_until is not None and self.removed_at is None and timezone.now() < self.kept_until

    @property
    def seconds(self) -> float:
        """How long it has taken, or takes up to now."""
        began = self.taken_up_at or self.started_at
        return max(dt.timedelta(0), (self.ended_at or timezone.now()) - began).total_seconds()


class Download(models.Model):
    """One time that a file, or a part of it, was sent: to whom, when, and whether all of it went out."""

    record = models.ForeignKey(ExportRecord, on_delete=models.CASCADE, related_name="downloads")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    person_email = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    #: The first byte and the one behind the last of what was asked for.
    start = models.BigIntegerField(default=0)
    end = models.BigIntegerField()
    #: Bytes that were handed to the connection; null while it runs, and for ever if the process was killed.
    sent = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        indexes = [models.Index(fields=["record", "-at"], name="download_newest_first")]

    def __str__(self) -> str:
        return f"{self.person_email} {self.at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_whole(self) -> bool | None:
        """Whether everything asked for was sent; None when it is not known."""
        return None if self.sent is None else self.sent == self.end - self.start

    @property
    def is_part(self) -> bool:
        """Whether only a part of the file was asked for."""
        return self.start > 0 or self.end != self.record.size_bytes


class ExportChoice(models.Model):
    """What a person exported last in a workspace: the panel opens with it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    profile = models.TextField()
    columns = models.JSONField(default=list)
    #: Of files for people; "" is the one of the reader's language.
    delimiter = models.TextField(blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("choice for exports")
        verbose_name_plural = _("choices for exports")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "person"], name="export_choice_once_per_member"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.profile}"
