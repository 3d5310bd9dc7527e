"""Which words an erasure takes away wherever they were copied to, and how they are taken out of stored addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db.models import Q

from telareview.accounts.models import SavedView
from telareview.tasks.models import Payload, Task, TaskVersion, ToldVersion
from telareview.tela import decode

if TYPE_CHECKING:
    from telareview.accounts.models import Workspace

#: Criteria in which people type what they look for; the others hold closed words, dates and ids.
FREE_TEXT = frozenset({"q", "taskName", "createdBy", "approvedBy", "tags", "editedField"})
OUTPUT = "output."
#: Shorter values stand in nearly every text, and tell nothing.
LEAST_CHARACTERS = 3


@dataclass(slots=True)
class Forgotten:
    """What one erasure concerns, for those who hold copies."""

    task_ids: tuple[UUID, ...]
    #: Of the tasks' completions: deliveries may name a task by its run alone.
    run_ids: tuple[UUID, ...]
    #: Every text that was erased, in one, in lower case.
    haystack: str
    #: Words that other tasks still carry, in lower case: an approver, a tag.
    still_known: frozenset[str]
    number: int = 0

    def holds(self, value: str) -> bool:
        """Whether a typed value tells something that was erased and stands nowhere else."""
        value = value.strip().lower()
        return len(value) >= LEAST_CHARACTERS and value in self.haystack and value not in self.still_known

    def cleaned_query(self, query: str) -> str:
        """A stored query string with such values replaced."""
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
        cleaned = [
            (name, self.mark) if is_free_text(name) and self.holds(value) else (name, value) for name, value in pairs
        ]
        return urlencode(cleaned) if cleaned != pairs else query

    def cleaned(self, value: Any, criterion: str = "") -> Any:
        """The same within stored JSON: texts that are queries, and values that stand under a criterion's name."""
        match value:
            case str() if criterion:
                return self.mark if self.holds(value) else value
            case str():
                return self.cleaned_query(value) if "=" in value else value
            case list():
                return [self.cleaned(each, criterion) for each in value]
            case dict():
                return {key: self.cleaned(each, key if is_free_text(key) else "") for key, each in value.items()}
        return value

    @property
    def mark(self) -> str:
        """What stands in their place."""
        return f"(erased {self.number})"


def is_free_text(name: str) -> bool:
    """Whether people type the value of this criterion as they like."""
    return name.partition("__")[0] in FREE_TEXT or name.startswith(OUTPUT)


def words_of(workspace: Workspace, task_ids: Sequence[UUID], more: Iterable[str] = ()) -> Forgotten:
    """Everything these tasks tell, gathered before it is erased."""
    versions = TaskVersion.objects.of(workspace).filter(task_id__in=task_ids)
    facts = versions.values_list("name", "created_by", "approved_by", "agent_id", "tags", "edited_paths")
    words = {word for row in facts for word in _texts(list(row))}
    told = ToldVersion.objects.filter(workspace=workspace, task_id__in=task_ids)
    words |= {word for row in told.values_list("name", "changed_by") for word in _texts(list(row))}
    people = list(words)
    texts = Payload.objects.filter(version__in=versions.values("pk")).values_list("text", flat=True)
    for text in texts.iterator(chunk_size=20):
        words |= set(_texts(decode(text.encode())))
    for text in told.values_list("text", flat=True).iterator(chunk_size=20):
        words |= set(_texts(decode(text.encode())))
    runs = versions.filter(completion_run_id__isnull=False).values_list("completion_run_id", flat=True).distinct()
    return Forgotten(
        task_ids=tuple(task_ids),
        run_ids=tuple(runs),
        haystack="\n".join([*words, *more]).lower(),
        still_known=_still_known(workspace, task_ids, people) - {word.lower() for word in more},
    )


def _still_known(workspace: Workspace, task_ids: Sequence[UUID], words: list[str]) -> frozenset[str]:
    others = Task.objects.of(workspace).exclude(task_id__in=task_ids)
    found: set[str] = set()
    for column in ("created_by", "approved_by", "name"):
        found |= set(others.filter(**{f"{column}__in": words}).values_list(column, flat=True).distinct())
    for tags in others.filter(tags__overlap=words).values_list("tags", flat=True).distinct()[:1000]:
        found |= set(tags)
    return frozenset(word.lower() for word in found if word)


def clean_saved_views(workspace: Workspace, forgotten: Forgotten) -> int:
    """Take the words out of the addresses that people saved, and of their names."""
    count = 0
    for view in SavedView.objects.filter(workspace=workspace).exclude(Q(query="")):
        query, name = forgotten.cleaned_query(view.query), view.name
        if forgotten.holds(name):
            name = f"(erased {forgotten.number}, {view.pk})"
        if (query, name) != (view.query, view.name):
            SavedView.objects.filter(pk=view.pk).update(query=query, name=name)
            count += 1
    return count


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | tuple():
            for each in value:
                yield from _texts(each)
        case dict():
            # Keys are names of fields, the same in every task of an app.
            for each in value.values():
                yield from _texts(each)
