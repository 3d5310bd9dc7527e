"""The mark that a created task carries, and how it is found again by it.

After a lost answer Tela is walked through from shortly before the sending, and the marks are compared here: how Tela
matches its `tags` parameter is not documented, and a question that it misreads must not look like "there is none".
"""

import datetime as dt
import secrets
from collections.abc import Iterable
from uuid import UUID

from telareview.tela import TaskQuery, TaskRecord, TelaClient, canonical_json

PREFIX = "telareview:"
#: 64 random bits: two tasks of one workspace never share one.
MARK_BYTES = 8
#: Our clock and Tela's may differ by so much.
CLOCKS_APART = dt.timedelta(minutes=10)


def new_marker() -> str:
    """A tag that no task carries yet."""
    return PREFIX + secrets.token_hex(MARK_BYTES)


def find_marked(
    client: TelaClient, app_id: UUID, markers: Iterable[str], since: dt.datetime, *, in_input: bool = False
) -> dict[str, TaskRecord]:
    """Which of the markers stand on tasks of the app created since then: marker → task (light unless `in_input`).

    `in_input` looks into the request as Tela stored it instead of the tags. Raises TelaError.
    """
    wanted, found = set(markers), {}
    query = TaskQuery(
        prompt_application_id=app_id,
        created_at_since=since - CLOCKS_APART,
        order_by="createdAt",
        exclude_input_output=not in_input,
    )
    for task in client.iter_tasks(query):
        for marker in wanted & _marks(task, in_input=in_input):
            found[marker] = task
        if len(found) == len(wanted):
            break
    return found


def _marks(task: TaskRecord, *, in_input: bool) -> set[str]:
    if not in_input:
        return set(task.tags)
    given = task.raw.get("rawInput")
    address = given.get("webhook_url") if isinstance(given, dict) else None
    return {address.rpartition("marker=")[2]} if isinstance(address, str) and "marker=" in address else set()


def variables_alike(record: TaskRecord, variables: object) -> bool:
    """Whether the task was created with these variables; a lone file may have come back as a list of one."""
    given = record.raw.get("rawInput")
    return isinstance(given, dict) and _plain(given.get("variables")) == _plain(variables)


def _plain(variables: object) -> str:
    if not isinstance(variables, dict):
        return ""
    return canonical_json(
        {name: value if not _is_lone(value) else {"files": [value]} for name, value in variables.items()}
    )


def _is_lone(value: object) -> bool:
    return isinstance(value, dict) and "file_url" in value
