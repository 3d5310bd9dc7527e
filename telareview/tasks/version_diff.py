"""What led from one version of a task to another: its output with the edits told since, and everything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Subquery

from telareview.accounts.models import Workspace
from telareview.tasks.acts import Correctors
from telareview.tasks.change_table import NOBODY, ChangeTable, change_table
from telareview.tasks.diff import is_too_large
from telareview.tasks.models import Payload, TaskVersion
from telareview.tasks.revision import between, content_of
from telareview.tasks.sentences import learned_word, sentence
from telareview.tela import TaskRecord
from telareview.tela.records import EditedField
from telareview.tela.wire import decode

#: Compared for itself, with the edits.
OUTPUT = "outputContent"


def payload_text(workspace: Workspace, task_id: UUID, number: int) -> str | None:
    """The exact JSON of a version; None when it was erased.

    A version that has no payload of its own (gone) shows that of the last one before it that ever had one.
    """
    told = TaskVersion.objects.of_task(workspace, task_id).filter(number__lte=number, payload_commit__isnull=False)
    return Payload.objects.filter(version=Subquery(told.values("pk")[:1])).values_list("text", flat=True).first()


@dataclass(frozen=True)
class VersionDiff:
    """One version beside another, each part made when it is asked for."""

    workspace: Workspace
    task_id: UUID
    #: None where the version shown is the first.
    left: TaskVersion | None
    right: TaskVersion
    correctors: Correctors = NOBODY

    @property
    def sentence(self) -> str:
        """What the version on the right tells beside the one before it."""
        before = self.left if self.left is not None and self.left.number == self.right.number - 1 else None
        return sentence(self.right, before)

    @property
    def learned(self) -> str:
        return learned_word(self.right)

    @cached_property
    def texts(self) -> tuple[str, str] | None:
        """Both payloads; None where one is missing."""
        if self.left is None:
            return None
        left, right = (payload_text(self.workspace, self.task_id, each.number) for each in (self.left, self.right))
        return None if left is None or right is None else (left, right)

    @cached_property
    def too_large(self) -> bool:
        """Whether the two are too large to be compared while somebody waits."""
        return self.texts is not None and is_too_large(*self.texts)

    @cached_property
    def records(self) -> tuple[TaskRecord, TaskRecord] | None:
        """Both states; None where one has no payload, or they are too large."""
        if self.texts is None or self.too_large:
            return None
        left, right = (TaskRecord.from_json(decode(text.encode())) for text in self.texts)
        return left, right

    @cached_property
    def output(self) -> ChangeTable | None:
        """How the output differs; None where there is nothing to compare."""
        if self.records is None:
            return None
        left, right = self.records
        revision = between(left.output_content, right.output_content, edits_since(left, right))
        return change_table(revision, content_of(right.output_content), self.correctors)

    @cached_property
    def rest(self) -> ChangeTable | None:
        """How everything but the output differs."""
        if self.records is None:
            return None
        left, right = ({name: value for name, value in each.raw.items() if name != OUTPUT} for each in self.records)
        return change_table(between(left, right, ()), right)


def edits_since(left: TaskRecord, right: TaskRecord) -> Sequence[EditedField]:
    """The edits that Tela tells of the right state and does not tell of the left one."""
    known = {_spoken(each) for each in left.edited_fields or ()}
    return tuple(each for each in right.edited_fields or () if _spoken(each) not in known)


def _spoken(edit: EditedField) -> tuple[str, str, str]:
    return repr(edit.raw_path), edit.author or "", str(edit.edited_at)
