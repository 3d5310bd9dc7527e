"""Everything the task page shows: one version of a task, what a reviewer changed in it, and its neighbours."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
from telareview.accounts.pseudonyms import hidden_workspace, person_shown
from telareview.tasks import timeline
from telareview.tasks.acts import Correctors, ReviewAct, acts_of, approver_here
from telareview.tasks.change_table import ChangeTable, change_table
from telareview.tasks.diff import is_too_large
from telareview.tasks.erasure import erasure_of
from telareview.tasks.files import FileList, file_list
from telareview.tasks.filters import TaskFilter
from telareview.tasks.following import Following
from telareview.tasks.known import matching_tasks
from telareview.tasks.leaves import LeafTable, leaf_table
from telareview.tasks.masking import masked_payload
from telareview.tasks.models import AppName, Erasure, Task, TaskVersion
from telareview.tasks.paging import neighbours
from telareview.tasks.raw_view import RawView, show_raw
from telareview.tasks.revision import Revision, compare, content_of
from telareview.tasks.room import shown_name
from telareview.tasks.sentences import Told, tell
from telareview.tasks.version_diff import VersionDiff, payload_text
from telareview.tasks.words import revision_word, status_word
from telareview.tela import TaskRecord, canonical_json
from telareview.tela.wire import decode

TABS: dict[str, Promise] = {
    "changes": _("Changes"),
    "summary": _("Summary"),
    "history": _("History"),
    "compare": _("Compare"),
    "input": _("Input"),
    "raw": _("Raw"),
}

#: The rest is counted.
TAGS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: Promise
    address: str
    current: bool
    count: int | None = None


class TaskPage:
    """A task's page at one of its versions; each part is made only when the tab asks for it."""

    def __init__(
        self, task: Task, version: TaskVersion, task_filter: TaskFilter, tab: str, notices: Sequence[str] = ()
    ) -> None:
        #: Sentences about what of the address was left out.
        self.notices = notices
        self.task = task
        self.version = version
        self.task_filter = task_filter
        self._asked_tab = tab
        #: When Tela has just been asked for its own history of the task, and told it.
        self.told_until: dt.datetime | None = None
        #: The number of the version to compare with; None for the one before.
        self.against: int | None = None

    @property
    def is_newest(self) -> bool:
        return self.version.number == self.task.version_number

    @property
    def name(self) -> str:
        return shown_name(self.version.name)

    @property
    def tags(self) -> list[str]:
        """The first of them."""
        return self.version.tags[:TAGS_SHOWN]

    @property
    def more_tags(self) -> int:
        return max(0, len(self.version.tags) - TAGS_SHOWN)

    @property
    def following(self) -> Following | None:
        """How the page of a running task moves by itself; None for a version of the past."""
        return Following(self.task, self.task.version_number, 0) if self.is_newest else None

    @cached_property
    def payload_text(self) -> str | None:
        """The exact JSON of this version; None when it was erased."""
        return payload_text(self.task.workspace, self.task.task_id, self.version.number)

    @cached_property
    def erased(self) -> Erasure | None:
        """The request under which what this version said was erased; None where nothing was."""
        return erasure_of(self.version) if self.payload_text is None or self.version.erasure else None

    @property
    def absent(self) -> str:
        """What stands where a fact is empty: that it was erased is no emptiness."""
        return _now("erased") if self.version.erasure else "—"

    @cached_property
    def record(self) -> TaskRecord | None:
        return TaskRecord.from_json(decode(self.payload_text.encode())) if self.payload_text else None

    @cached_property
    def too_large(self) -> bool:
        """Whether the outputs are too large to be compared while somebody waits."""
        return self.payload_text is not None and is_too_large(self.payload_text)

    @cached_property
    def revision(self) -> Revision | None:
        """What a reviewer changed; None where there is no output to compare, or too much of it."""
        if self.record is None or self.record.original_output_content is None or self.record.output_content is None:
            return None
        if self.too_large:
            return None
        return compare(self.record.original_output_content, self.record.output_content, self.record.edited_fields)

    @cached_property
    def changes(self) -> ChangeTable | None:
        """The rows of the Changes tab; None where there is no output to compare."""
        if self.record is None or self.revision is None:
            return None
        return change_table(self.revision, content_of(self.record.output_content), Correctors.among(self.acts))

    @cached_property
    def comparison(self) -> VersionDiff:
        """This version beside the one asked for, or the one before; without a left side where there is none."""
        number = self.against or self.version.number - 1
        left = TaskVersion.objects.of_task(self.task.workspace, self.task.task_id).filter(number=number).first()
        correctors = Correctors.among(self.acts)
        return VersionDiff(self.task.workspace, self.task.task_id, left, self.version, correctors)

    @cached_property
    def acts(self) -> list[ReviewAct]:
        return acts_of(self.task.workspace, self.task.task_id)

    @property
    def approver_here(self) -> str:
        """Who approved it from here; Tela names the owner of the key for them."""
        return person_shown(approver_here(self.acts, self.version.approved_at)) if self.version.is_approved else ""

    @property
    def tab(self) -> str:
        """The tab asked for; without one, Changes where there are any, else Summary."""
        if self._asked_tab in TABS:
            return self._asked_tab
        return "changes" if self.version.edited_paths else "summary"

    @property
    def tabs(self) -> list[Tab]:
        counts = {"changes": len(self.version.edited_paths), "history": self.task.version_number}
        base, suffix = f"/tasks/{self.task.task_id}/", self.version_suffix
        return [
            Tab(key, label, f"{base}{key}/{suffix}", key == self.tab, counts.get(key)) for key, label in TABS.items()
        ]

    @property
    def version_suffix(self) -> str:
        """The query that leads to this very version and the list it was opened from."""
        pairs = self.task_filter.as_pairs()
        if not self.is_newest:
            pairs.append(("version", str(self.version.number)))
        return f"?{urlencode(pairs)}" if pairs else ""

    @property
    def newest_address(self) -> str:
        """The task as it is now, also where the list shows the past."""
        return self.task_filter.replace(as_of=None).address(f"/tasks/{self.task.task_id}/")

    @property
    def suffix(self) -> str:
        query = self.task_filter.as_query()
        return f"?{query}" if query else ""

    @property
    def list_address(self) -> str:
        return self.task_filter.address("/tasks/")

    @property
    def status(self) -> str | Promise:
        return status_word(self.version.status)

    @property
    def revision_word(self) -> str | Promise:
        return revision_word(self.version.revision_process)

    @cached_property
    def output_leaves(self) -> LeafTable | None:
        return leaf_table(content_of(self.record.output_content)) if self.record else None

    @cached_property
    def input_leaves(self) -> LeafTable | None:
        if self.record is None:
            return None
        shown = self.record.input_content if self.record.input_content is not None else self.record.raw_input
        return leaf_table(shown)

    @cached_property
    def files(self) -> FileList | None:
        return file_list(self.record.raw_input, self.record.input_content) if self.record else None

    @cached_property
    def raw(self) -> RawView | None:
        if self.record is None:
            return None
        workspace = hidden_workspace()
        return show_raw(masked_payload(self.record.raw, workspace) if workspace else self.record.raw)

    @property
    def download_address(self) -> str:
        return f"{reverse('tasks:raw-json', args=[self.task.task_id])}?version={self.version.number}"

    @cached_property
    def download(self) -> str | None:
        """The payload to the letter; without the people where the reader may not see them."""
        workspace = hidden_workspace()
        if workspace is None or self.record is None:
            return self.payload_text
        return canonical_json(masked_payload(self.record.raw, workspace))

    @cached_property
    def history(self) -> list[Told]:
        return tell(timeline.history(self.task.workspace, self.task.task_id, told_until=self.told_until))

    @cached_property
    def app(self) -> str:
        application_id = self.version.prompt_application_id
        if application_id is None:
            return ""
        names = AppName.objects.filter(workspace=self.task.workspace_id, application_id=application_id)
        return names.values_list("name", flat=True).first() or ""

    @cached_property
    def turnaround_seconds(self) -> float | None:
        if not self.version.is_approved or self.version.approved_at is None:
            return None
        return (self.version.approved_at - self.version.created_at).total_seconds()

    @cached_property
    def neighbours(self) -> tuple[str, str]:
        """Addresses of the tasks before and after this one in the list it was opened from; "" at the ends."""
        matching = matching_tasks(self.task.workspace, self.task_filter, get_current_timezone())
        before, after = neighbours(matching, self.task_filter, self.version if self.task_filter.as_of else self.task)
        return (
            f"/tasks/{before.task_id}/{self.suffix}" if before else "",
            f"/tasks/{after.task_id}/{self.suffix}" if after else "",
        )


def find_version(
    workspace: Workspace, task_id: UUID, number: int | None, as_of: dt.datetime | None = None
) -> tuple[Task, TaskVersion] | None:
    """The task's card and one of its versions; None when either is not there.

    Without `number` the newest version, or with `as_of` the last one observed by then.
    """
    task = Task.objects.of(workspace).filter(task_id=task_id).first()
    if task is None:
        return None
    versions = TaskVersion.objects.of_task(workspace, task_id)
    if number is not None:
        versions = versions.filter(number=number)
    elif as_of is not None:
        versions = versions.filter(observed_at__lte=as_of)
    version = versions.first()
    return (task, version) if version is not None else None
