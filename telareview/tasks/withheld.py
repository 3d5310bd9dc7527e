"""What the mirror keeps of a task whose personal data was erased: its ids, status, kind of revision and clocks."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.tasks.facts import Facts
from telareview.tasks.models import Task

#: Columns that may hold personal data, and the SQL value that stands there afterwards.
BLANK = {
    "name": "NULL",
    "created_by": "NULL",
    "approved_by": "NULL",
    "edited_paths": "'{}'",
    "tags": "'{}'",
    "agent_id": "NULL",
    "source_type": "NULL",
}


def withheld(facts: Facts) -> Facts:
    """The same facts without what may be personal."""
    return facts._replace(
        name=None, created_by=None, approved_by=None, edited_paths=[], tags=[], agent_id=None, source_type=None
    )


def facts_of_card(card: Task) -> Facts:
    return Facts(*(getattr(card, column) for column in Facts._fields))


def withheld_hash(facts: Facts) -> bytes:
    """SHA-256 of what is kept: equal hash = no change that the mirror may know of. It confirms no guess of the rest."""
    return hashlib.sha256("|".join(map(_spoken, withheld(facts))).encode()).digest()


def _spoken(value: object) -> str:
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else str(value)


def erased_among(workspace: Workspace, task_ids: Iterable[str | None]) -> frozenset[str]:
    """Of ids as somebody sent them, those of erased tasks. One statement, or none."""
    spelled: dict[UUID, str] = {}
    for text in task_ids:
        with suppress(ValueError):
            spelled[UUID(text or "")] = text or ""
    if not spelled:
        return frozenset()
    erased = Task.objects.of(workspace).filter(task_id__in=list(spelled), erasure__isnull=False)
    return frozenset(spelled[task_id] for task_id in erased.values_list("task_id", flat=True))
