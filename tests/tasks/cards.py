"""Index cards put into the mirror's table as they are, for tests of the list alone: many ties, many empty cells."""

import datetime as dt
import itertools
from typing import Any
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.tasks.models import Task

BEGINNING = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)

_numbers = itertools.count(1)


def some_id() -> UUID:
    """A new id; consecutive ones stand in no order that insertion would explain."""
    number = next(_numbers)
    return UUID(int=(number * 2654435761 % 2**32) << 96 | number)


def moment(minutes: int | None) -> dt.datetime | None:
    return None if minutes is None else BEGINNING + dt.timedelta(minutes=minutes)


def card(workspace: Workspace, **facts: Any) -> Task:
    """An index card that is not stored yet; `facts` by the columns' names."""
    return Task(
        workspace=workspace,
        **{
            "task_id": some_id(),
            "name": "INV.pdf",
            "status": "validating",
            "created_at": BEGINNING,
            "updated_at": BEGINNING,
            "observed_at": BEGINNING,
            "version_id": 0,
            "content_hash": b"",
            **facts,
        },
    )
