"""The narrow columns of a task's state, shared by every table that holds states."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace

NAME_ORDER_CHARACTERS = 200


class TaskFacts(models.Model):
    """The narrow columns that lists filter and sort on, derived from a task's payload.

    What Tela says is mirrored as it came: an unknown status or an approver without a date is kept, never refused.
    Text that PostgreSQL cannot hold (`\\u0000`, lone surrogates) is shown by stand-ins here and exact in the payload.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: Tela's identity of the task; unique within a workspace.
    task_id = models.UUIDField(_("id"))
    #: The number people quote; null when Tela sent none.
    reference = models.BigIntegerField(_("reference"), null=True)
    name = models.TextField(_("name"), null=True)  # noqa: DJ001 - null (absent) is not "" (empty)
    #: What the list is ordered by: a name longer than a B-tree entry (2,704 bytes) must not stop the mirror.
    name_start = models.GeneratedField(
        expression=Left("name", NAME_ORDER_CHARACTERS), output_field=models.TextField(null=True), db_persist=True
    )
    status = models.TextField(_("status"))
    created_by = models.TextField(_("creator"), null=True)  # noqa: DJ001
    approved_by = models.TextField(_("approver"), null=True)  # noqa: DJ001
    approved_at = models.DateTimeField(_("approved"), null=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    #: `approvedDirectly`, `approvedWithRevisions`, `unknown` (approved, edits not told) or "" (not approved).
    revision_process = models.TextField(_("revision"), default="")
    #: Paths a reviewer edited, relative to the output's content, as `itens[2].descricao`.
    edited_paths = ArrayField(models.TextField(), verbose_name=_("edited fields"), default=list)
    prompt_application_id = models.UUIDField(_("app"), null=True)
    prompt_version_id = models.UUIDField(_("canvas version"), null=True)
    completion_run_id = models.UUIDField(_("completion run"), null=True)
    workflow_run_id = models.UUIDField(_("workflow run"), null=True)
    agent_id = models.TextField(_("agent"), null=True)  # noqa: DJ001
    source_type = models.TextField(_("source"), null=True)  # noqa: DJ001
    tags = ArrayField(models.TextField(), verbose_name=_("tags"), default=list)
    #: Number of the erasure (`Erasure.number`) under which what is personal here was taken away or left out; else null.
    erasure = models.IntegerField(null=True)

    class Meta:
        abstract = True

    @property
    def is_approved(self) -> bool:
        """`approved` = status `completed` and `approvedAt` set (`approved` is an older word for the same status)."""
        return is_approved(self.status, self.approved_at)


def is_approved(status: str, approved_at: datetime | None) -> bool:
    """`TaskFacts.is_approved`, of facts that are no model's."""
    return status in {"completed", "approved"} and approved_at is not None
