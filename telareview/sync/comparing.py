"""Light rows of Tela beside the mirror: what differs, and fetching that whole."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.tasks.facts import facts_of
from telareview.tasks.mirror import Look, Recorded, record_tasks
from telareview.tasks.models import Learned, Task
from telareview.tasks.withheld import withheld
from telareview.tela import NotFound, TaskQuery, TaskRecord, TelaClient, TelaError

#: Tasks fetched whole in one call; the API takes 100 ids, outputs can be large.
IDS_A_CALL = 50
#: What a light row tells for certain. (Its label of revision may rest on outputs that were left out.)
LIGHT_FIELDS = {
    "updatedAt": "updated_at",
    "status": "status",
    "name": "name",
    "reference": "reference",
    "approvedAt": "approved_at",
    "approvedBy": "approved_by",
    "createdAt": "created_at",
    "createdBy": "created_by",
    "promptApplicationId": "prompt_application_id",
    "promptVersionId": "prompt_version_id",
    "tags": "tags",
}


@dataclass(frozen=True, slots=True)
class Differing:
    """A row that the mirror lacks (`fields` empty) or holds in another state."""

    row: TaskRecord
    known: bool
    fields: tuple[str, ...]


def differing(workspace: Workspace, rows: Iterable[TaskRecord]) -> list[Differing]:
    """The rows that tell something the mirror does not hold; a task marked gone counts as lacking. One statement."""
    rows = list(rows)
    cards = Task.objects.of(workspace).filter(task_id__in=[row.id for row in rows], gone_at=None)
    known = {card.task_id: card for card in cards}
    found = []
    for row in rows:
        card = known.get(row.id)
        if card is None:
            found.append(Differing(row, known=False, fields=()))
        elif fields := _different_fields(card, row):
            found.append(Differing(row, known=True, fields=fields))
    return found


def _different_fields(card: Task, row: TaskRecord) -> tuple[str, ...]:
    facts = withheld(facts_of(row)) if card.erasure else facts_of(row)
    names = [name for name, column in LIGHT_FIELDS.items() if getattr(card, column) != getattr(facts, column)]
    if row.edited_fields is not None and not card.erasure and card.edited_paths != facts.edited_paths:
        names.append("editedFields")
    return tuple(names)


def mirror_differing(
    workspace: Workspace,
    client: TelaClient,
    rows: Sequence[TaskRecord],
    learned_by: Learned,
    asked_at: dt.datetime,
    *,
    run_id: int | None = None,
    most_single_calls: int = IDS_A_CALL,
) -> tuple[Recorded, list[Differing]]:
    """Put through the mirror's door what the rows tell anew: whole rows as they are, light ones after fetching them.

    Raises TelaError.
    """
    whole = [row for row in rows if row.has_payload]
    found = differing(workspace, rows)
    recorded = record_tasks(whole, Look(workspace, learned_by, asked_at, run_id))
    wanted = [each.row.id for each in found if not each.row.has_payload]
    for start in range(0, len(wanted), IDS_A_CALL):
        fetched_at = dt.datetime.now(dt.UTC)
        tasks = fetch_whole(client, wanted[start : start + IDS_A_CALL], most_single_calls=most_single_calls)
        recorded += record_tasks(tasks, Look(workspace, learned_by, fetched_at, run_id))
    return recorded, found


def fetch_whole(client: TelaClient, ids: Sequence[UUID], *, most_single_calls: int) -> list[TaskRecord]:
    """Whole tasks by id: one call, and single ones for those which that call does not answer.

    A task that is not there (404) is left out. Raises TelaError for single calls that fail otherwise.
    """
    wanted = set(ids)
    try:
        found = [task for task in client.list_tasks(TaskQuery(limit=100, ids=tuple(ids))).tasks if task.id in wanted]
    except TelaError:
        # The list of ids is spelled differently by different documents; each task has an address of its own.
        found = []
    answered = {task.id for task in found}
    for task_id in [each for each in ids if each not in answered][:most_single_calls]:
        try:
            found.append(client.get_task(task_id))
        except NotFound:
            continue
    return found
