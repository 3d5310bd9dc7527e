"""What was fetched from Tela, when, how it ended, and where the next fetch begins."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
from telareview.sync.count_words import counts_in_readers_language
from telareview.sync.error_words import in_readers_language


class SyncRun(models.Model):
    """One attempt to bring news. Kept for ever; an error is a sentence a person understands."""

    class Kind(models.TextChoices):
        BACKFILL = "backfill", _("first fill")
        PULL = "pull", _("pull")
        SWEEP = "sweep", _("sweep")
        LIVE = "live", _("live check")
        REFRESH = "refresh", _("refresh")
        RECONCILE = "reconcile", _("count comparison")

    class Outcome(models.TextChoices):
        COMPLETE = "complete", _("complete")
        INCOMPLETE = "incomplete", _("incomplete")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField(_("kind"), choices=Kind)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    #: "" while running; a run whose process died stays so until the next one closes it.
    outcome = models.TextField(_("outcome"), choices=Outcome, blank=True, default="")
    fetched = models.IntegerField(_("fetched"), default=0)
    new = models.IntegerField(_("new"), default=0)
    changed = models.IntegerField(_("changed"), default=0)
    unchanged = models.IntegerField(_("unchanged"), default=0)
    gone = models.IntegerField(_("gone"), default=0)
    #: Rows that could not be read and went to quarantine.
    failed = models.IntegerField(_("failed"), default=0)
    calls = models.IntegerField(_("calls"), default=0)
    #: Seconds spent waiting for Tela's answers.
    waited_seconds = models.FloatField(_("waited"), default=0)
    #: Tasks expected in all, when known; for the progress bar.
    expected = models.IntegerField(null=True)
    #: Of a first fill: the share of it that earlier runs had done, 0 to 1.
    share_before = models.FloatField(default=0)
    #: False for a comparison that changed nothing (`check_drift`).
    mended = models.BooleanField(default=True)
    #: Short name of the error's kind, for translation, and its sentence.
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(_("error"), blank=True, default="")
    #: Of a count comparison: `reconcile.Counts` as JSON; null for other runs, and before anything was counted.
    counted = models.JSONField(null=True)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        indexes = [models.Index(fields=["workspace", "-started_at"], name="run_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
                name="run_ends_with_an_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def seconds(self) -> float:
        """How long the run took, or has taken so far."""
        return ((self.ended_at or timezone.now()) - self.started_at).total_seconds()

    @property
    def spoken_error(self) -> str:
        """The error in the reader's language."""
        return in_readers_language(self.error_code, self.error)

    @property
    def spoken_counts(self) -> str:
        """What a count comparison found, in the reader's language; "" for other runs."""
        return counts_in_readers_language(self.counted)


class Bookmark(models.Model):
    """How far the incremental walk has come: the newest `updatedAt` seen, never the clock."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, primary_key=True, related_name="+")
    updated_at = models.DateTimeField()
    #: When a cycle last reached its end: everything Tela had shown until then is here.
    synced_at = models.DateTimeField(null=True)
    #: Seconds between two pulls, as the worker has it that pulled last.
    every_seconds = models.PositiveIntegerField(default=30)
    #: Set while Tela does not answer; the moment of the first failure in a row.
    failing_since = models.DateTimeField(null=True)
    #: When Tela last proved to serve no versions of its tasks; it is not asked for them again by itself for a while.
    versions_missing_at = models.DateTimeField(null=True)
    #: The newest version (`TaskVersion.pk`) about which Tela's own history has been asked for.
    histories_to = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("bookmark")
        verbose_name_plural = _("bookmarks")

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.updated_at:%Y-%m-%dT%H:%M:%S.%fZ}"


class BackfillWindow(models.Model):
    """One stretch of `createdAt` of the first fill, walked on its own and resumed where it stopped."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    #: Inclusive; null: no lower end.
    since = models.DateTimeField()
    #: Inclusive; null: no upper end (the newest window).
    until = models.DateTimeField(null=True)
    #: The newest `createdAt` seen in this window so far; null before its first page.
    position = models.DateTimeField(null=True)
    done = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("window of the first fill")
        verbose_name_plural = _("windows of the first fill")
        constraints = [models.UniqueConstraint(fields=["workspace", "since"], name="window_once_per_workspace")]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d} – {self.until:%Y-%m-%d}" if self.until else f"{self.since:%Y-%m-%d} –"


class AbsentTask(models.Model):
    """A task that a complete sweep did not meet and Tela answered 404 for; gone only after a second 404 later on."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    task_id = models.UUIDField()
    first_absent_at = models.DateTimeField()
    last_asked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("absent task")
        verbose_name_plural = _("absent tasks")
        constraints = [models.UniqueConstraint(fields=["workspace", "task_id"], name="absent_once")]

    def __str__(self) -> str:
        return str(self.task_id)


class DriftFinding(models.Model):
    """One difference between Tela and the mirror, as a sweep met it (before it was mended)."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("missing here")
        DIFFERING = "differing", _("differing")
        NOT_LISTED_THERE = "not_listed_there", _("no longer listed by Tela")

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="findings")
    task_id = models.UUIDField()
    name = models.TextField(blank=True, default="")
    kind = models.TextField(choices=Kind)
    #: Names of the light fields that differ.
    fields = models.JSONField(default=list)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [models.UniqueConstraint(fields=["run", "task_id"], name="finding_once_per_run")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.task_id}"


class QuarantinedRow(models.Model):
    """A row of Tela's that could not be read: kept whole, with the reason, and never guessed at."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    #: As sent, if there was one at all.
    task_id = models.TextField(blank=True, default="")
    reason = models.TextField(_("reason"))
    raw_json = models.TextField(_("raw"))
    digest = models.BinaryField(max_length=32)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    run_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("quarantined row")
        verbose_name_plural = _("quarantined rows")
        constraints = [models.UniqueConstraint(fields=["workspace", "digest"], name="row_quarantined_once")]

    def __str__(self) -> str:
        return self.reason


class Delivery(models.Model):
    """One webhook call, stored before it is answered. News, not truth: the task is fetched again."""

    class Outcome(models.TextChoices):
        NEW = "new", _("new task")
        CHANGED = "changed", _("new state")
        UNCHANGED = "unchanged", _("nothing new")
        NOT_FOUND = "not_found", _("not found in Tela")
        NO_TASK = "no_task", _("names no task")
        UNREADABLE = "unreadable", _("unreadable")
        FAILED = "failed", _("given up")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    #: The event's own id, or a digest of the body: a second one is the same delivery.
    event_id = models.TextField()
    event = models.TextField(blank=True, default="")
    task_id = models.UUIDField(null=True)
    completion_run_id = models.UUIDField(null=True)
    #: As it came; "" once it has been kept for long enough.
    body = models.TextField()
    #: When a worker may take it up; later than that while one is at it, and after a failure.
    due_at = models.DateTimeField(db_default=Now())
    #: When Tela was last asked for the task because of this delivery; null before.
    asked_at = models.DateTimeField(null=True)
    #: How many times that was.
    attempts = models.PositiveSmallIntegerField(default=0)
    #: Null while the task has still to be fetched.
    processed_at = models.DateTimeField(null=True)
    #: What came of it; "" until it is processed.
    outcome = models.TextField(_("outcome"), choices=Outcome, blank=True, default="")
    #: Short name of the error's kind, for translation, and its sentence.
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["workspace", "-received_at"], name="delivery_newest_first"),
            models.Index(fields=["workspace", "task_id", "-asked_at"], name="delivery_of_task"),
            models.Index(
                fields=["workspace", "completion_run_id"],
                condition=Q(completion_run_id__isnull=False),
                name="delivery_of_run",
            ),
            models.Index(fields=["workspace", "due_at"], condition=Q(processed_at__isnull=True), name="delivery_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "event_id"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(processed_at__isnull=True, outcome="") | Q(processed_at__isnull=False) & ~Q(outcome=""),
                name="delivery_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.event_id}"
