"""Erasing what is personal about tasks (LGPD, GDPR), for good and on the record.

One verb, `erase_tasks`: the texts and facts of every version go, as does whatever else was made from them; ids, kinds,
status and clocks stay, and so does the proof. The erasure is an event of each task's history. Afterwards Tela still
holds the task, so the mirror goes on noting when its status or its clocks change, and takes in nothing personal, until
the erasure is lifted.

Rooms above keep copies of their own; they listen to `forgetting` and take them away in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.dispatch import Signal
from django.utils import timezone

from telareview.ledger.privileges import lend, only_read
from telareview.ledger.sealing import seal
from telareview.tasks.doers import remake_doers
from telareview.tasks.forgotten import clean_saved_views, words_of
from telareview.tasks.former import remake
from telareview.tasks.mirror import lock_writers
from telareview.tasks.models import Erasure, Kind, Learned, OutputIndex, Task, TaskVersion
from telareview.tasks.rows import FACT_COLUMNS
from telareview.tasks.withheld import BLANK, facts_of_card, withheld_hash

if TYPE_CHECKING:
    from telareview.accounts.models import Workspace

#: Sent with `workspace` and `forgotten` inside the transaction of an erasure. What a receiver raises stops it whole.
forgetting = Signal()
#: Tasks of one request: its record names them all.
MOST_TASKS = 5_000
MAX_REASON_CHARACTERS = 1_000

lend("public.erase_records(bigint, text, text, text, uuid[], bigint[])")
only_read("tasks_erasure")


class CannotErase(Exception):
    """Nothing was erased; the message says why."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an erasure takes away, counted before or after it."""

    task_ids: tuple[UUID, ...]
    versions: int
    told: int
    payloads: int


@dataclass(frozen=True, slots=True)
class Erased:
    number: int
    scope: Scope
    #: Copies of rooms above that went, by their name.
    copies: dict[str, int] = field(default_factory=dict)


def scope_of(workspace: Workspace, task_ids: Iterable[UUID]) -> Scope:
    """What erasing these tasks would take; tasks that are not in the mirror are left out."""
    cards = Task.objects.of(workspace).filter(task_id__in=list(task_ids)).order_by("task_id")
    known = tuple(cards.values_list("task_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(payload.version_id), (SELECT count(*) FROM tasks_toldversion "
            "WHERE workspace_id = %(workspace)s AND task_id = ANY(%(ids)s) AND salt IS NOT NULL) "
            "FROM tasks_taskversion AS version LEFT JOIN tasks_payload AS payload ON payload.version_id = version.id "
            "WHERE version.workspace_id = %(workspace)s AND version.task_id = ANY(%(ids)s) "
            "AND version.salt IS NOT NULL",
            {"workspace": workspace.pk, "ids": list(known)},
        )
        versions, payloads, told = cursor.fetchone()
    return Scope(known, versions, told, payloads)


def tasks_naming(workspace: Workspace, address: str) -> list[UUID]:
    """Tasks in which an e-mail address stands: as creator, approver or author, or anywhere in a text."""
    # As JSON spells it: canonical JSON is ASCII.
    needle = _like(address)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_id FROM tasks_taskversion AS version WHERE workspace_id = %(workspace)s AND ("
            "lower(created_by) = lower(%(address)s) OR lower(approved_by) = lower(%(address)s) OR EXISTS ("
            "SELECT FROM tasks_payload AS payload WHERE payload.version_id = version.id "
            "AND payload.text::text ILIKE %(needle)s)) UNION SELECT task_id FROM tasks_toldversion "
            "WHERE workspace_id = %(workspace)s AND salt IS NOT NULL AND text::text ILIKE %(needle)s ORDER BY task_id",
            {"workspace": workspace.pk, "address": address, "needle": needle},
        )
        return [task_id for (task_id,) in cursor.fetchall()]


def erase_tasks(
    workspace: Workspace, task_ids: Iterable[UUID], *, reason: str, asked_by: str = "", words: Sequence[str] = ()
) -> Erased:
    """Erase what is personal about these tasks, everywhere, in one transaction. `words` are hunted for as well.

    Raises CannotErase; SealError and UnreadableSecret where the history cannot be sealed first.
    """
    reason = _reason(reason)
    with transaction.atomic():
        lock_writers(workspace)
        # Only what has been sealed can be erased without breaking the proof.
        seal(workspace)
        scope = scope_of(workspace, task_ids)
        if not scope.task_ids:
            raise CannotErase("None of these tasks is in the mirror.")
        if len(scope.task_ids) > MOST_TASKS:
            raise CannotErase(f"One request may concern {MOST_TASKS} tasks; these are {len(scope.task_ids)}.")
        forgotten = words_of(workspace, scope.task_ids, words)
        number = _call(workspace, Erasure.Scope.TASKS, reason, asked_by, scope.task_ids)
        forgotten.number = number
        _blank_cards(workspace, scope.task_ids, number)
        _append_event(workspace, scope.task_ids, number)
        remake(workspace, scope.task_ids)
        remake_doers(workspace, scope.task_ids)
        OutputIndex.objects.filter(workspace=workspace, task_id__in=scope.task_ids).delete()
        copies: dict[str, int] = {"saved views": clean_saved_views(workspace, forgotten)}
        for _receiver, told in forgetting.send(sender=None, workspace=workspace, forgotten=forgotten):
            copies.update(told if isinstance(told, dict) else {})
        seal(workspace)
    return Erased(number, scope, {name: count for name, count in copies.items() if count})


def lift(workspace: Workspace, task_ids: Iterable[UUID], *, reason: str, asked_by: str = "") -> int:
    """Let the mirror take in these tasks whole again, from the next look on; what was erased stays so. The number."""
    reason = _reason(reason)
    with transaction.atomic():
        lock_writers(workspace)
        cards = Task.objects.of(workspace).filter(task_id__in=list(task_ids), erasure__isnull=False)
        ids = tuple(cards.values_list("task_id", flat=True))
        if not ids:
            raise CannotErase("None of these tasks is erased.")
        number = _call(workspace, Erasure.Scope.LIFTED, reason, asked_by, ids)
        # No hash of a state is empty, so the next look brings a new version.
        cards.update(erasure=None, content_hash=b"")
    return number


def erase_payloads(workspace: Workspace, version_ids: Sequence[int], *, reason: str, asked_by: str = "") -> int:
    """Erase the payloads of these versions, and nothing else; the number of the request."""
    with transaction.atomic():
        lock_writers(workspace)
        seal(workspace)
        _forget_outputs(workspace, version_ids)
        return _call(workspace, Erasure.Scope.PAYLOADS, _reason(reason), asked_by, (), version_ids)


def _forget_outputs(workspace: Workspace, version_ids: Sequence[int]) -> None:
    """What is searched in the output of a task, and put into columns of files, was taken from its newest payload."""
    newer = TaskVersion.objects.filter(
        workspace=OuterRef("workspace"),
        task_id=OuterRef("task_id"),
        number__gt=OuterRef("number"),
        payload_commit__isnull=False,
    )
    newest = TaskVersion.objects.of(workspace).filter(~Exists(newer), pk__in=list(version_ids))
    OutputIndex.objects.filter(workspace=workspace, task_id__in=newest.values("task_id")).delete()


def erasure_of(version: TaskVersion) -> Erasure | None:
    """The request under which a version, or the payload it shows, was erased; None where neither was."""
    requests = Erasure.objects.filter(workspace=version.workspace_id).defer("records", "task_ids")
    if version.erasure is not None:
        return requests.filter(number=version.erasure).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM tasks_erasure AS erasure WHERE workspace_id = %s AND scope = %s AND EXISTS ("
            "SELECT FROM tasks_taskversion AS version WHERE version.workspace_id = erasure.workspace_id "
            "AND version.task_id = %s AND version.number <= %s AND version.payload_commit IS NOT NULL "
            "AND strpos(erasure.records::text, format('[\"version\",%%s]', version.id)) > 0) "
            "ORDER BY number DESC LIMIT 1",
            [version.workspace_id, Erasure.Scope.PAYLOADS.value, version.task_id, version.number],
        )
        found = cursor.fetchone()
    return requests.filter(number=found[0]).first() if found else None


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise CannotErase("An erasure needs a reason.")
    return reason[:MAX_REASON_CHARACTERS]


def _call(
    workspace: Workspace,
    scope: Erasure.Scope,
    reason: str,
    asked_by: str,
    task_ids: Sequence[UUID],
    version_ids: Sequence[int] = (),
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.erase_records(%s, %s, %s, %s, %s::uuid[], %s::bigint[])",
            [workspace.pk, scope.value, reason, asked_by, list(task_ids), list(version_ids)],
        )
        return int(cursor.fetchone()[0])


def _blank_cards(workspace: Workspace, task_ids: Sequence[UUID], number: int) -> None:
    """The cards lose what the versions have lost, and get the hash by which later states are told apart."""
    cards = list(Task.objects.of(workspace).filter(task_id__in=task_ids))
    blanks = ", ".join(f"{column} = {value}" for column, value in BLANK.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE tasks_task AS card SET {blanks}, erasure = %s, content_hash = told.hash "  # noqa: S608 - our own names
            "FROM unnest(%s::uuid[], %s::bytea[]) AS told (task_id, hash) "
            "WHERE card.workspace_id = %s AND card.task_id = told.task_id",
            [
                number,
                [card.task_id for card in cards],
                [withheld_hash(facts_of_card(card)) for card in cards],
                workspace.pk,
            ],
        )


def _append_event(workspace: Workspace, task_ids: Sequence[UUID], number: int) -> None:
    """A version of kind *erased* for each task, with the facts that are left and without payload."""
    facts = ", ".join(FACT_COLUMNS)
    now: dt.datetime = timezone.now()
    given: list[Any] = [Kind.ERASED.value, now, Learned.ACTION.value, number, workspace.pk, list(task_ids)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tasks_taskversion (workspace_id, "  # noqa: S608 - our own names
            f"{facts}, number, kind, observed_at, learned_by, changed_paths, content_hash, erasure) "
            f"SELECT workspace_id, {facts}, version_number + 1, %s, %s, %s, '{{}}', content_hash, %s "
            "FROM tasks_task WHERE workspace_id = %s AND task_id = ANY(%s) ORDER BY task_id",
            given,
        )
        cursor.execute(
            "UPDATE tasks_task AS card SET version_id = version.id, version_number = version.number, "
            "observed_at = version.observed_at FROM tasks_taskversion AS version WHERE card.workspace_id = %s "
            "AND card.task_id = ANY(%s) AND version.workspace_id = card.workspace_id "
            "AND version.task_id = card.task_id AND version.number = card.version_number + 1",
            [workspace.pk, list(task_ids)],
        )


def _like(text: str) -> str:
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"
