"""The mirror: one index card per task, and every distinct state of it that was seen."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
from telareview.ledger.guards import append_only
from telareview.tasks.acts import ReviewAct as ReviewAct
from telareview.tasks.columns import ExactJSONField
from telareview.tasks.doers import ChangeDoer as ChangeDoer
from telareview.tasks.erased import Erasure as Erasure
from telareview.tasks.erased import Retention as Retention
from telareview.tasks.fact_columns import TaskFacts
from telareview.tasks.past_models import FormerCard, Horizon, KnownCard
from telareview.tasks.querysets import TaskQuerySet, TaskVersionQuerySet

__all__ = [
    "AppName",
    "FormerCard",
    "Horizon",
    "Kind",
    "KnownCard",
    "Learned",
    "OutputIndex",
    "Payload",
    "Task",
    "TaskFacts",
    "TaskVersion",
    "ToldVersion",
]


class Learned(models.TextChoices):
    """How a state became known."""

    PULL = "pull", _("pull")
    SWEEP = "sweep", _("sweep")
    WEBHOOK = "webhook", _("webhook")
    LIVE = "live", _("live check")
    REFRESH = "refresh", _("refresh")
    ACTION = "action", _("action")


class Kind(models.TextChoices):
    """What a version tells beside the one before it."""

    FIRST_SEEN = "first_seen", _("first seen")
    CHANGED = "changed", _("changed")
    APPROVED = "approved", _("approved")
    APPROVAL_REVOKED = "approval_revoked", _("approval revoked")
    GONE = "gone", _("gone")
    RETURNED = "returned", _("returned")
    ERASED = "erased", _("erased")
    TOLD = "told", _("told by Tela")


class Task(TaskFacts):
    """The index card: the facts of a task's newest version. Written by `tasks.mirror` alone."""

    #: Checked where the version is written, like that of all that is derived from it: each check costs 1 ms a page.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    #: Set while Tela no longer serves the task.
    gone_at = models.DateTimeField(null=True)
    #: The newest version: its row, its number, and the clock of the look that found it.
    version = models.ForeignKey(
        "TaskVersion", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    version_number = models.IntegerField(default=1)
    observed_at = models.DateTimeField()
    #: SHA-256 of the canonical payload without the signatures of file addresses: equal hash = no change.
    content_hash = models.BinaryField(max_length=32)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [models.UniqueConstraint(fields=["workspace", "task_id"], name="task_id_once_per_workspace")]
        indexes = [
            # One per order of the list: (workspace, key, id) is read forwards and backwards, nulls apart.
            models.Index(fields=["workspace", "updated_at", "task_id"], name="task_by_updated_at"),
            models.Index(fields=["workspace", "created_at", "task_id"], name="task_by_created_at"),
            models.Index(fields=["workspace", "approved_at", "task_id"], name="task_by_approved_at"),
            models.Index(fields=["workspace", "name_start", "task_id"], name="task_by_name"),
            models.Index(fields=["workspace", "reference", "task_id"], name="task_by_reference"),
            models.Index(fields=["workspace", "created_by", "task_id"], name="task_by_created_by"),
            # Two that also answer the commonest filters in the commonest orders.
            models.Index(fields=["workspace", "status", "task_id"], name="task_by_status"),
            models.Index(fields=["workspace", "approved_by", "task_id"], name="task_by_approved_by"),
            models.Index(fields=["workspace", "status", "updated_at", "task_id"], name="task_status_updated"),
            models.Index(fields=["workspace", "approved_by", "updated_at", "task_id"], name="task_approver_updated"),
            models.Index(
                fields=["workspace", "prompt_application_id", "updated_at", "task_id"], name="task_app_updated"
            ),
            models.Index(
                fields=["workspace", "revision_process", "updated_at", "task_id"], name="task_revision_updated"
            ),
            # `icontains` compiles to UPPER(name) LIKE UPPER(…): an index on the bare column is not used.
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="task_name_trigram"),
            GinIndex(fields=["edited_paths"], name="task_edited_paths"),
            GinIndex(fields=["tags"], name="task_tags"),
            # Few among many, so that no order by itself finds them.
            models.Index(
                fields=["workspace", "updated_at", "task_id"],
                name="task_gone",
                condition=models.Q(gone_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.reference} {self.name}" if self.reference is not None else str(self.name or self.task_id)


class TaskVersion(TaskFacts):
    """One distinct observed state of a task. Append-only: triggers refuse UPDATE, DELETE and TRUNCATE.

    The task is named by value, without foreign key, so that the record outlives whatever it is about.
    """

    #: 1 for the first state seen of a task, then without gaps.
    number = models.IntegerField()
    kind = models.TextField(choices=Kind)
    #: Our clock, when the request that brought this state was sent; `updated_at` is Tela's.
    observed_at = models.DateTimeField()
    learned_by = models.TextField(choices=Learned)
    #: The `SyncRun` that brought it, by value; null when it came outside a run.
    run_id = models.BigIntegerField(null=True)
    #: Leaf paths that differ from the version before, empty for the first.
    changed_paths = ArrayField(models.TextField(), default=list)
    content_hash = models.BinaryField(max_length=32)
    #: SHA-256(salt ‖ canonical payload); null where the version has no payload of its own (gone).
    payload_commit = models.BinaryField(max_length=32, null=True)
    #: Random; what `sealed.py` closes is sealed with it. Null after an erasure.
    salt = models.UUIDField(null=True, db_default=RandomUUID())
    recorded_at = models.DateTimeField(db_default=Now())

    objects = TaskVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "task_id", "number"], name="version_number_once_per_task")
        ]
        indexes = [
            models.Index(fields=["workspace", "observed_at", "id"], name="version_by_observed_at"),
            # The feed of all changes, newest first, by what is rare.
            models.Index(fields=["workspace", "kind", "observed_at", "id"], name="version_by_kind"),
            models.Index(fields=["workspace", "approved_by", "observed_at", "id"], name="version_by_approver"),
            models.Index(fields=["workspace", "prompt_application_id", "observed_at", "id"], name="version_by_app"),
            GinIndex(fields=["changed_paths", "edited_paths"], name="version_paths"),
        ]
        triggers = append_only("versions")

    def __str__(self) -> str:
        return f"{self.task_id} v{self.number}"


class OutputIndex(models.Model):
    """What is searched inside the current output of a task: derived, made anew from the payload at any time.

    `jsonb` refuses `\\u0000` and lone surrogates, so they stand here as U+FFFD; the payload keeps them exactly.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    task_id = models.UUIDField()
    content = models.JSONField(null=True)

    class Meta:
        verbose_name = _("output index")
        verbose_name_plural = _("output indexes")
        constraints = [models.UniqueConstraint(fields=["workspace", "task_id"], name="output_once_per_task")]

    def __str__(self) -> str:
        return f"output of {self.task_id}"


class Payload(models.Model):
    """The exact canonical JSON of one version, apart from the facts so that lists never touch it.

    Erasing personal data removes this row's text and salt; the version and its commitment stay.
    """

    version = models.OneToOneField(
        TaskVersion, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="payload"
    )
    #: 16 random bytes, so that a commitment cannot be tested by guessing the payload.
    salt = models.BinaryField(max_length=16)
    text = ExactJSONField()

    class Meta:
        verbose_name = _("payload")
        verbose_name_plural = _("payloads")
        # An erasure takes the row away; the version and its commitment stay.
        triggers = append_only("payloads")

    def __str__(self) -> str:
        return f"payload of version {self.version_id}"


class ToldVersion(models.Model):
    """One entry of Tela's own history of a task, as Tela told it. Append-only: it is knowledge of the past, got later.

    Told entries have no part in our own numbers, in lists or in `asOf`: those rest on what was observed. An entry that
    Tela tells differently later is another row; the one observed last is what Tela says now.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: By value, as in `TaskVersion`.
    task_id = models.UUIDField()
    #: Tela's own number of the version, from 1.
    told_version = models.BigIntegerField()
    name = models.TextField(null=True)  # noqa: DJ001 - null (not told) is not "" (empty)
    status = models.TextField(null=True)  # noqa: DJ001
    #: E-mail address.
    changed_by = models.TextField(null=True)  # noqa: DJ001
    #: Tela's clock.
    changed_at = models.DateTimeField(null=True)
    #: Our clock, before Tela was asked for the history in which this was new.
    observed_at = models.DateTimeField()
    #: The whole entry, output included, as canonical JSON.
    text = ExactJSONField()
    #: SHA-256 of `text` without the signatures of file addresses: equal hash = told the same.
    content_hash = models.BinaryField(max_length=32)
    #: Random; what `sealed.py` closes is sealed with it. Null after an erasure.
    salt = models.UUIDField(null=True, db_default=RandomUUID())
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("version told by Tela")
        verbose_name_plural = _("versions told by Tela")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "task_id", "told_version", "content_hash"], name="told_once_in_these_words"
            )
        ]
        triggers = append_only("told_versions")

    def __str__(self) -> str:
        return f"{self.task_id} told v{self.told_version}"


class AppName(models.Model):
    """What people call an app. Tela's API has no address that tells it, so it is typed here; else the id is shown."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    application_id = models.UUIDField(_("app"))
    name = models.CharField(_("name"), max_length=150)

    class Meta:
        verbose_name = _("app name")
        verbose_name_plural = _("app names")
        constraints = [models.UniqueConstraint(fields=["workspace", "application_id"], name="app_named_once")]

    def __str__(self) -> str:
        return self.name
