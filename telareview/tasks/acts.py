"""Who, among the people here, corrected or approved a task.

Tela knows the owner of the API key only, so that name stands on every approval sent from here. What Tela answered is
noted beside the person who asked for it, and found again by the moment and the place Tela gave it, whichever way the
state itself came into the mirror.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
from telareview.ledger.guards import append_only
from telareview.tasks.doers import note_doers_of_task
from telareview.tasks.edits import EditedField, shown_path
from telareview.tasks.facts import holdable
from telareview.tela import TaskRecord


class ReviewAct(models.Model):
    """One correction or approval that a person sent from here, as it came out in Tela. Append-only."""

    class What(models.TextChoices):
        CORRECTED = "corrected", _("corrected")
        APPROVED = "approved", _("approved")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: By value, as in `TaskVersion`.
    task_id = models.UUIDField()
    what = models.TextField(choices=What)
    #: E-mail address, by value, so that the record outlives the person.
    person_email = models.TextField()
    #: The `OutgoingAction` that was sent, by value.
    action_id = models.BigIntegerField()
    #: Tela's `updatedAt` of the state that came of it.
    state_updated_at = models.DateTimeField()
    #: Tela's moment of the approval; null for a correction.
    approved_at = models.DateTimeField(null=True)
    #: `[path, moment]` of each edit that Tela told for it; moment null where only we know that the field changed.
    edits = models.JSONField(default=list)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("review from here")
        verbose_name_plural = _("reviews from here")
        indexes = [models.Index(fields=["workspace", "task_id", "id"], name="review_act_of_task")]
        constraints = [models.UniqueConstraint(fields=["action_id", "what"], name="one_act_of_an_action")]
        triggers = append_only("review_acts")

    def __str__(self) -> str:
        return f"{self.person_email} {self.what} {self.task_id}"


@dataclass(frozen=True, slots=True)
class Doer:
    """The person at the button, and the record of what was sent for them."""

    person_email: str
    action_id: int


def note_correction(
    workspace: Workspace, doer: Doer, before: TaskRecord, after: TaskRecord, changed: Iterable[str]
) -> ReviewAct:
    """`changed` are the paths that differ by our own comparison, for an answer that tells no edits."""
    told = [[holdable(path), when.isoformat() if when else None] for path, when in _new_edits(before, after)]
    return _noted(
        workspace,
        task_id=after.id,
        what=ReviewAct.What.CORRECTED,
        person_email=doer.person_email,
        action_id=doer.action_id,
        state_updated_at=after.updated_at,
        edits=told or [[holdable(path), None] for path in changed],
    )


def note_approval(workspace: Workspace, doer: Doer, after: TaskRecord) -> ReviewAct:
    return _noted(
        workspace,
        task_id=after.id,
        what=ReviewAct.What.APPROVED,
        person_email=doer.person_email,
        action_id=doer.action_id,
        state_updated_at=after.updated_at,
        approved_at=after.approved_at,
    )


def _noted(workspace: Workspace, **told: Any) -> ReviewAct:
    """The act, and the person's hand in the state that came of it, if that is known already."""
    act = ReviewAct.objects.create(workspace=workspace, **told)
    note_doers_of_task(workspace, act.task_id)
    return act


def acts_of(workspace: Workspace, task_id: UUID) -> list[ReviewAct]:
    """What people here did to one task, oldest first. One statement."""
    return list(ReviewAct.objects.filter(workspace=workspace, task_id=task_id).order_by("pk"))


def approver_here(acts: Sequence[ReviewAct], approved_at: dt.datetime | None) -> str:
    """Who approved it from here at that moment of Tela's; "" where it was approved elsewhere, or is not."""
    return next((act.person_email for act in reversed(acts) if approved_at and act.approved_at == approved_at), "")


@dataclass(frozen=True, slots=True)
class Correctors:
    """Who made which edit: by path and Tela's moment, and by path alone where Tela told no moment."""

    by_edit: Mapping[tuple[str, dt.datetime], str] = field(default_factory=dict)
    by_path: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def among(cls, acts: Iterable[ReviewAct]) -> "Correctors":
        by_edit: dict[tuple[str, dt.datetime], str] = {}
        by_path: dict[str, str] = {}
        for act in acts:
            for path, when in act.edits:
                if when is None:
                    by_path[path] = act.person_email
                else:
                    by_edit[path, dt.datetime.fromisoformat(when)] = act.person_email
        return cls(by_edit, by_path)

    def of(self, path: str, edited_at: dt.datetime | None) -> str:
        """The person's e-mail address; "" for an edit that was not made from here."""
        path = holdable(path) or ""
        if edited_at is None:
            return self.by_path.get(path, "")
        return self.by_edit.get((path, edited_at), "")

    def sole(self, edits: Iterable[tuple[str, dt.datetime | None]]) -> str:
        """The one person who made all of these edits; "" where there are none, or others had a hand in it."""
        people = {self.of(path, edited_at) for path, edited_at in edits}
        return people.pop() if len(people) == 1 else ""


def _new_edits(before: TaskRecord, after: TaskRecord) -> list[tuple[str, dt.datetime | None]]:
    """The edits which the later state tells and the earlier one did not."""
    known = Counter(_key(each) for each in before.edited_fields or ())
    new = []
    for each in after.edited_fields or ():
        if known[_key(each)]:
            known[_key(each)] -= 1
        else:
            new.append((shown_path(each), each.edited_at))
    return new


def _key(each: EditedField) -> tuple[Any, ...]:
    return repr(each.raw_path), each.edited_at, each.author
