"""Who is at which task just now: a courtesy among reviewers that ends by itself.

It keeps two people from being given the same task; what keeps a task from being written twice is `reviewing.py`.
"""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from telareview.accounts.models import Person, Workspace
from telareview.tasks.querysets import FactsQuerySet

#: Time for one task, from the last sign of its reviewer on.
CLAIM_LASTS = dt.timedelta(minutes=10)


class ReviewClaim(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    task_id = models.UUIDField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "task_id"], name="one_reviewer_of_a_task")]

    def __str__(self) -> str:
        return f"{self.person} at {self.task_id}"


def take(workspace: Workspace, person: Person, task_id: UUID) -> bool:
    """Claim a task, or keep one's claim; False while somebody else has it. One statement, so only one of two wins."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO review_reviewclaim AS held (workspace_id, task_id, person_id, expires_at) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (workspace_id, task_id) DO UPDATE "
            "SET person_id = EXCLUDED.person_id, expires_at = EXCLUDED.expires_at "
            "WHERE held.person_id = EXCLUDED.person_id OR held.expires_at <= %s RETURNING 1",
            [workspace.pk, task_id, person.pk, now + CLAIM_LASTS, now],
        )
        return cursor.fetchone() is not None


def release(workspace: Workspace, person: Person, task_id: UUID) -> None:
    """Give a task back. Somebody else's claim stays."""
    ReviewClaim.objects.filter(workspace=workspace, task_id=task_id, person=person).delete()


def holder_of(workspace: Workspace, person: Person, task_id: UUID) -> str:
    """Who else is at this task: their e-mail address, or ""."""
    held = ReviewClaim.objects.filter(workspace=workspace, task_id=task_id, expires_at__gt=timezone.now())
    return held.exclude(person=person).values_list("person__email", flat=True).first() or ""


def held_by_others(workspace: Workspace, person: Person, task_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Of these tasks the ones that others are at, with their e-mail addresses."""
    held = ReviewClaim.objects.filter(workspace=workspace, task_id__in=list(task_ids), expires_at__gt=timezone.now())
    return dict(held.exclude(person=person).values_list("task_id", "person__email"))


def free_for(tasks: FactsQuerySet, person: Person) -> FactsQuerySet:
    """Those that nobody else is at."""
    others = ReviewClaim.objects.filter(
        workspace=OuterRef("workspace"), task_id=OuterRef("task_id"), expires_at__gt=timezone.now()
    ).exclude(person=person)
    return tasks.filter(~Exists(others))
