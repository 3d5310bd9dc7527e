"""What people asked Tela to change, stored before each request leaves the house; batches of tasks; bulk approvals."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
from telareview.review.claims import ReviewClaim as ReviewClaim
from telareview.tasks.columns import ExactJSONField


class OutgoingAction(models.Model):
    """One attempt to change something in Tela: who, when, what body, and what came back.

    The row is committed before the request leaves. One without an outcome was under way when its process ended: for
    whoever goes on it counts as an answer lost.
    """

    class Act(models.TextChoices):
        CREATE = "create", _("create tasks")
        COMPLETE = "complete", _("create a task by a completion")
        UPLOAD = "upload", _("upload a file")
        EDIT = "edit", _("correct a task")
        APPROVE = "approve", _("approve a task")
        EDIT_AND_APPROVE = "edit_and_approve", _("correct and approve a task")

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        REFUSED = "refused", _("refused by Tela")
        UNSENT = "unsent", _("not sent")
        LOST = "lost", _("answer lost")
        #: What a look in Tela showed after the answer was lost.
        FOUND = "found", _("answer lost, but done")
        ABSENT = "absent", _("answer lost, and not done")
        #: No look can tell: the task has moved on since, or is gone.
        UNTOLD = "untold", _("answer lost: look in Tela")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    act = models.TextField(choices=Act)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Kept as text, so that the record outlives the person.
    person_email = models.TextField()
    #: The task that is to be changed; null for tasks that do not exist yet.
    task_id = models.UUIDField(null=True)
    #: The tasks that came of it, in the order of the body; empty where they are not known.
    made_task_ids = ArrayField(models.UUIDField(), default=list)
    verb = models.TextField()
    path = models.TextField()
    #: The JSON that was sent, to the letter; headers (the key, the webhook secret) are no part of it.
    body = ExactJSONField()
    #: Names this attempt. Each task that it creates carries a tag of its own (`marker.py`).
    marker = models.UUIDField(unique=True)
    sent_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(choices=Outcome, blank=True, default="")
    #: HTTP status of the answer; null when none came.
    status_code = models.IntegerField(null=True)
    #: Code of the error (`tela/errors.py`), and its sentence in English; "" when it went well.
    error_code = models.TextField(blank=True, default="")
    answer = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("outgoing action")
        verbose_name_plural = _("outgoing actions")
        indexes = [
            models.Index(fields=["workspace", "task_id", "-sent_at"], name="action_of_task"),
            GinIndex(fields=["made_task_ids"], name="action_of_made_task"),
            # Those whose outcome a worker looks for.
            models.Index(
                fields=["workspace", "task_id"], condition=Q(outcome__in=["", "lost"]), name="action_unsettled"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
                name="action_ends_with_an_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"

    @property
    def is_done(self) -> bool:
        return self.outcome in {self.Outcome.DONE, self.Outcome.FOUND}


class Batch(models.Model):
    """Tasks of one app, and how far their creation is."""

    class State(models.TextChoices):
        DRAFT = "draft", _("not sent yet")
        RUNNING = "running", _("under way")
        PAUSED = "paused", _("stopped")
        ENDED = "ended", _("ended")

    class Way(models.TextChoices):
        TASK = "task", _("as tasks")
        COMPLETION = "completion", _("as completions")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    person_email = models.TextField()
    application_id = models.UUIDField(_("app"))
    way = models.TextField(choices=Way, default=Way.TASK)
    #: Name of the file it was read from; "" for a form.
    source = models.TextField(blank=True, default="")
    #: SHA-256 of that file, by which a repetition is noticed; "" where there is none.
    source_sha256 = models.TextField(blank=True, default="")
    #: What the reader of the file has to know before it is sent: `[code, …figures]` each.
    notices = models.JSONField(default=list)
    #: Where Tela is to tell that a run has ended; "" where it is not.
    webhook_url = models.TextField(blank=True, default="")
    state = models.TextField(choices=State, default=State.DRAFT)
    stop_asked = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: When something last went on: a batch that runs and does not move has lost its worker.
    moved_at = models.DateTimeField(null=True)
    #: Why it stopped before its end: code and sentence of the error.
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        indexes: ClassVar = [models.Index(fields=["workspace", "-created_at"], name="batch_of_workspace")]

    def __str__(self) -> str:
        return self.source or str(self.pk)


class BatchRow(models.Model):
    """One task to be, with the mark by which it is found again in Tela."""

    class State(models.TextChoices):
        INVALID = "invalid", _("cannot be sent")
        WAITING = "waiting", _("waiting")
        #: Under way; if the process ends there, it counts as lost.
        SENDING = "sending", _("being sent")
        LOST = "lost", _("answer lost, being looked for")
        CREATED = "created", _("created")
        REFUSED = "refused", _("refused by Tela")
        #: No mark could be sent along, so that only a person can tell.
        UNKNOWN = "unknown", _("answer lost: look in Tela")
        GIVEN_UP = "given_up", _("not created: Tela kept failing")

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows")
    #: Line of the file, or place in the form, from 1.
    number = models.IntegerField()
    name = models.TextField()
    tags = ArrayField(models.TextField(), default=list)
    #: JSON object, as it goes into `rawInput.variables`.
    variables = ExactJSONField(default="{}")
    #: What is wrong with it: `[code, …words]` each.
    problems = models.JSONField(default=list)
    state = models.TextField(choices=State)
    marker = models.TextField(unique=True)
    #: When it last left, by our clock; null before.
    sent_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    #: Looks in Tela that did not find it after its answer was lost.
    looks = models.IntegerField(default=0)
    action = models.ForeignKey(OutgoingAction, on_delete=models.PROTECT, null=True, related_name="+")
    #: The id a completion was answered with: of the task or of its run.
    answered_id = models.UUIDField(null=True)
    task_id = models.UUIDField(null=True)
    reference = models.BigIntegerField(null=True)
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("row of a batch")
        verbose_name_plural = _("rows of batches")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "number"], name="batch_row_once"),
            models.CheckConstraint(condition=~Q(state="created") | Q(task_id__isnull=False), name="created_has_a_task"),
        ]
        indexes: ClassVar = [models.Index(fields=["batch", "state", "number"], name="batch_row_by_state")]

    def __str__(self) -> str:
        return f"{self.number}: {self.name}"


class BatchFile(models.Model):
    """A file that came with a row; its bytes are kept until Tela has them."""

    row = models.ForeignKey(BatchRow, on_delete=models.CASCADE, related_name="files")
    variable = models.TextField()
    #: Whether the variable is a list of files; this one is put behind those that it has.
    in_list = models.BooleanField(default=False)
    name = models.TextField()
    content_type = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.TextField()
    #: Null once they were sent.
    content = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("file of a batch")
        verbose_name_plural = _("files of batches")

    def __str__(self) -> str:
        return self.name


class BulkReview(models.Model):
    """One selection that somebody approved, as it was counted."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Kept as text, so that the record outlives the person.
    person_email = models.TextField()
    #: The list's query string; "" where the tasks were named one by one.
    query = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(default=timezone.now)
    #: Null until every task has a result.
    ended_at = models.DateTimeField(null=True)
    #: Code of the error for which the worker stopped before the end; "" while it goes on.
    trouble = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("bulk approval")
        verbose_name_plural = _("bulk approvals")

    def __str__(self) -> str:
        return f"{self.person_email} {self.asked_at:%Y-%m-%d %H:%M}"


class BulkTask(models.Model):
    """One task of a selection, and what came of it."""

    class Result(models.TextChoices):
        WAITING = "", _("waiting")
        APPROVED = "approved", _("approved")
        CHANGED = "changed", _("changed meanwhile")
        HELD = "held", _("in somebody's hands")
        GONE = "gone", _("gone")
        REFUSED = "refused", _("not approved")
        LOST = "lost", _("answer lost")

    bulk = models.ForeignKey(BulkReview, on_delete=models.CASCADE, related_name="tasks")
    task_id = models.UUIDField()
    name = models.TextField(blank=True, default="")
    #: The version that was selected.
    number = models.IntegerField()
    result = models.TextField(choices=Result, blank=True, default="")
    #: Who is at it, for one in somebody's hands; else a sentence in English, "" when it went well.
    detail = models.TextField(blank=True, default="")
    #: Why it was not approved: the code of the refusal or error, and what its sentence names (`refusals.py`).
    code = models.TextField(blank=True, default="")
    words = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "task_id"], name="task_once_in_a_bulk")]
        indexes = [models.Index(fields=["bulk", "result", "id"], name="bulk_by_result")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.result or 'waiting'}"
