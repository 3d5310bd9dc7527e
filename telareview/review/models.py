"""What people asked Tela to change, stored before each request leaves the house."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace


class OutgoingAction(models.Model):
    """One attempt to change something in Tela: who, when, what body, and what came back."""

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        REFUSED = "refused", _("refused by Tela")
        LOST = "lost", _("answer lost")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Kept as text, so that the record outlives the person.
    person_email = models.TextField()
    #: Null for a task that does not exist yet.
    task_id = models.UUIDField(null=True)
    verb = models.TextField()
    path = models.TextField()
    body = models.JSONField()
    #: By which the outcome is looked up before anything is tried again.
    marker = models.UUIDField(unique=True)
    sent_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(choices=Outcome, blank=True, default="")
    status_code = models.IntegerField(null=True)
    answer = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("outgoing action")
        verbose_name_plural = _("outgoing actions")
        indexes = [models.Index(fields=["workspace", "task_id", "-sent_at"], name="action_of_task")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
                name="action_ends_with_an_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"
