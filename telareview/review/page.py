"""What the review page shows: one task, the draft of its output, and what stands in the way of writing it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from telareview.review.canvas_shapes import shape_of
from telareview.review.claims import holder_of
from telareview.review.draft import BrokenForm, Draft
from telareview.review.form_rows import MOST_FORM_BYTES, Row, form_bytes, rows_of
from telareview.review.patch import same_json
from telareview.review.queue import Queue, queue_of
from telareview.review.reviewing import WAITING
from telareview.review.shapes import ANY, Shape
from telareview.review.three_ways import ThreeWays, lay_together
from telareview.tasks.change_table import ChangeTable, change_table
from telareview.tasks.detail import TaskPage, find_version
from telareview.tasks.diff import MISSING, Json, Missing, Path, show_path
from telareview.tasks.filters import TaskFilter
from telareview.tasks.models import Task, TaskVersion
from telareview.tasks.raw_view import escape_unsendable, show_value
from telareview.tasks.revision import compare, content_of
from telareview.tela import canonical_decoded

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest
    from telareview.tela import TaskRecord

MOST_SHOWN = 1_500


class ReviewPage:
    """The page at one version of the task, which is what the reviewer sees and what is written upon."""

    def __init__(self, request: MemberRequest, task: Task, version: TaskVersion) -> None:
        self.request, self.task, self.version = request, task, version
        self.facts = TaskPage(task, version, TaskFilter(), "")
        self.trouble = ""
        self.mistakes = 0
        self.together: ThreeWays | None = None
        self._draft: Draft | None = None

    @classmethod
    def asked_for(cls, request: MemberRequest, task_id: UUID) -> ReviewPage:
        """The page of a task of this workspace, with the draft that was sent, if any. Raises Http404, BadRequest."""
        number = None
        if not Task.objects.of(request.workspace).filter(task_id=task_id).exists():
            raise Http404(_("There is no such task in this workspace."))
        if request.method == "POST":
            base = request.POST.get("base", "")
            if not (base.isascii() and base.isdecimal() and len(base) < 9):
                raise BadRequest
            number = int(base)
        found = find_version(request.workspace, task_id, number)
        if found is None:
            raise Http404(_("There is no such task in this workspace."))
        page = cls(request, *found)
        if request.method == "POST" and "t" in request.POST and page.record is not None:
            try:
                page._draft = Draft.sent(request.POST.dict(), page.content, page.shape)
            except BrokenForm as error:
                raise BadRequest from error
        return page

    @property
    def record(self) -> TaskRecord | None:
        """The state that is reviewed; None where its payload was erased."""
        return self.facts.record

    @cached_property
    def content(self) -> Json:
        return content_of(self.record.output_content) if self.record is not None else None

    @cached_property
    def original(self) -> Json | Missing:
        """What the model gave; MISSING where Tela does not tell it."""
        if self.record is None or self.record.original_output_content is None:
            return MISSING
        return content_of(self.record.original_output_content)

    @cached_property
    def shape(self) -> Shape:
        return shape_of(self.request.workspace, self.version) if self.is_waiting else ANY

    @cached_property
    def draft(self) -> Draft:
        return self._draft or Draft.of(self.content, self.shape)

    @property
    def is_waiting(self) -> bool:
        return self.version.status == WAITING and self.task.gone_at is None

    @cached_property
    def fits(self) -> bool:
        """Whether the output fits into a form; it can be approved as it is in any case."""
        # The JSON is shorter than the form that says it, and quickly written; a form of megabytes is not.
        if self.record is None or len(canonical_decoded(self.content)) > MOST_FORM_BYTES:
            return False
        return form_bytes(self.draft) <= MOST_FORM_BYTES

    @cached_property
    def rows(self) -> list[Row]:
        return list(rows_of(self.draft, self.original, self._theirs()))

    @cached_property
    def holder(self) -> str:
        """Who else is at this task."""
        return holder_of(self.request.workspace, self.request.user, self.task.task_id)

    @cached_property
    def queue(self) -> Queue | None:
        asked = self.request.POST if self.request.method == "POST" else self.request.GET
        if "queue" not in asked:
            return None
        query = QueryDict(asked.get("queue", ""), mutable=True)
        query["at"], query["of"] = asked.get("at", ""), asked.get("of", "")
        return queue_of(self.request, query, get_current_timezone())

    @staticmethod
    def path(task_id: UUID) -> str:
        return reverse("review:task", args=[task_id])

    @property
    def address(self) -> str:
        """The page of the task, or of the queue at it."""
        suffix = f"?{self.queue.suffix()}" if self.queue else ""
        return self.path(self.task.task_id) + suffix

    @property
    def has_draft(self) -> bool:
        """Whether the form came with the fields of the output."""
        return self._draft is not None

    @property
    def onward(self) -> str:
        """Where a finished review leads."""
        if self.queue is not None:
            return self.queue.next_address(self.version)
        return reverse("tasks:detail", args=[self.task.task_id])

    def hidden(self) -> list[tuple[str, str]]:
        """Fields that travel with the form."""
        fields = [("base", str(self.version.number))]
        if self.queue is not None:
            query = self.queue.task_filter.from_start().as_query()
            fields += [("queue", query), ("at", str(self.queue.at)), ("of", str(self.queue.of))]
        return fields

    def say(self) -> Json | Missing:
        """The output that the draft says; MISSING when something in it cannot be said, with `mistakes` counted."""
        value = self.draft.value()
        self.mistakes = len(self.draft.mistakes())
        return MISSING if self.mistakes else value

    def is_edited(self, value: Json) -> bool:
        return not same_json(value, self.content)

    @cached_property
    def preview(self) -> ChangeTable:
        """What the draft changes in the output that Tela has."""
        value = self.draft.value()
        return change_table(compare({"role": "assistant", "content": self.content}, _wrapped(value), None), value)

    def rebase(self, mine: Json) -> None:
        """Put my edits over the newest version, which somebody else has made; the draft goes on from there."""
        before = self.content
        found = find_version(self.request.workspace, self.task.task_id, None)
        if found is None:
            raise Http404
        self.task, self.version = found
        self.facts = TaskPage(self.task, self.version, TaskFilter(), "")
        for name in ("content", "original", "draft", "fits", "rows", "preview", "shape"):
            self.__dict__.pop(name, None)
        self.together = lay_together(before, self.content, mine)
        merged = self.together.merged
        self._draft = Draft.of(None if merged is MISSING else merged, self.shape, base=self.content)

    @property
    def places(self) -> list[dict[str, str]]:
        """The three-way difference, for a table."""
        if self.together is None:
            return []
        words = {"theirs": _("theirs"), "mine": _("yours"), "both": _("both the same"), "conflict": _("both")}
        return [
            {
                "path": escape_unsendable(show_path(place.path)) or "—",
                "base": _shown(place.base),
                "theirs": _shown(place.theirs),
                "mine": _shown(place.mine),
                "side": place.side,
                "word": words[place.side],
            }
            for place in self.together.places
        ]

    def _theirs(self) -> dict[Path, str]:
        return {place.path: _shown(place.theirs) for place in self.together.conflicts} if self.together else {}


def _wrapped(value: Json) -> dict[str, Json]:
    return {"role": "assistant", "content": value}


def _shown(value: Json | Missing) -> str:
    if value is MISSING:
        return "—"
    text = show_value(value)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"
