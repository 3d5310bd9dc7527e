"""What people asked Tela to change, stored before each request leaves the house."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
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
