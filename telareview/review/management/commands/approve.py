"""`manage.py approve`: approve tasks by id, or all that wait in a list."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict
from django.utils import timezone

from telareview.accounts.models import DEFAULT_ZONE, Membership, Workspace, validate_zone
from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.accounts.writing import write_refusal
from telareview.review.bulk import MOST_TASKS, carry_on, counts, select, write_down
from telareview.review.bulk_jobs import STOPPED
from telareview.review.models import BulkTask
from telareview.review.reviewing import WAITING
from telareview.sync.connection import NoKey, writing_client
from telareview.tasks.filters import Reader
from telareview.tasks.models import Task
from telareview.tasks.parameters import parse
from telareview.tela import WriteRefused

NOT_WHOLE, WRONG_USE = 1, 2


class Command(BaseCommand):
    help = (
        "Approve tasks in Tela, in the name of a person, each looked at again before. Exit code 1 if any was left out."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", metavar="ID", help="ids of tasks")
        parser.add_argument("--query", metavar="QUERY", help="as in the list's address: all of it that waits")
        parser.add_argument("--expect", type=int, metavar="N", help="with --query: do it only if it is N tasks")
        parser.add_argument("--as", dest="person", required=True, metavar="EMAIL", help="who approves")
        parser.add_argument("--dry-run", action="store_true", help="say what would be approved, and send nothing")
        parser.add_argument(
            "--zone", default=DEFAULT_ZONE, help="days of the query are days of it; default: %(default)s"
        )
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise _wrong(f"There is no workspace “{options['workspace']}”.")
        membership = _membership(workspace, options["person"])
        ids = _ids(workspace, options)
        if options["dry_run"]:
            self._tell({"dry_run": True, "tasks": len(ids), "ids": [str(each) for each in ids]}, options["json"])
            return
        if options["query"] is not None and options["expect"] != len(ids):
            said = f"{len(ids)} tasks wait in this list."
            raise _wrong(f"{said} Say --expect {len(ids)} to approve them, or --dry-run to see them.")
        try:
            with writing_client(workspace) as client:
                bulk = write_down(workspace, membership.person, options["query"] or "", ids, trouble=STOPPED)
                carry_on(bulk, client, membership.person)
        except (NoKey, WriteRefused) as error:
            raise _wrong(str(error)) from error
        found = counts(bulk)
        left_out = bulk.tasks.exclude(result=BulkTask.Result.APPROVED).order_by("pk")
        self._tell(
            {
                "tasks": found["total"],
                "approved": found["approved"],
                "left_out": [{"id": str(t.task_id), "result": t.result, "reason": t.detail} for t in left_out],
                "bulk": bulk.pk,
            },
            options["json"],
        )
        if left_out:
            raise SystemExit(NOT_WHOLE)

    def _tell(self, said: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(said))
            return
        if said.get("dry_run"):
            self.stdout.write("\n".join([*said["ids"], f"{said['tasks']} tasks would be approved."]))
            return
        for each in said["left_out"]:
            self.stdout.write(f"{each['id']}  {each['result']}  {each['reason']}")
        self.stdout.write(f"{said['approved']} of {said['tasks']} tasks approved.")


def _membership(workspace: Workspace, email: str) -> Membership:
    members = Membership.objects.filter(workspace=workspace, person__email__iexact=email, person__is_active=True)
    membership = members.select_related("person", "workspace").first()
    if membership is None:
        raise _wrong(f"There is nobody with the address {email} in this workspace.")
    refused = write_refusal(membership, "approve")
    if refused is not None:
        raise _wrong(refused.sentence)
    return membership


def _ids(workspace: Workspace, options: dict[str, Any]) -> tuple[UUID, ...]:
    if bool(options["ids"]) == (options["query"] is not None):
        raise _wrong("Name tasks by their ids, or a list by --query.")
    if options["query"] is not None:
        return _of_query(workspace, options)
    try:
        wanted = tuple(dict.fromkeys(UUID(each) for each in options["ids"]))
    except ValueError as error:
        raise _wrong("An id is not a UUID.") from error
    cards = Task.objects.of(workspace).filter(task_id__in=wanted, gone_at=None)
    status = dict(cards.values_list("task_id", "status"))
    for each in wanted:
        if each not in status:
            raise _wrong(f"There is no task {each} in this workspace.")
        if status[each] != WAITING:
            raise _wrong(f"Task {each} does not wait for review ({status[each]}).")
    return wanted


def _of_query(workspace: Workspace, options: dict[str, Any]) -> tuple[UUID, ...]:
    try:
        validate_zone(options["zone"])
    except ValidationError as error:
        raise _wrong(" ".join(error.messages)) from error
    zone = ZoneInfo(options["zone"])
    statuses = frozenset(Task.objects.all().distinct_values("status", workspace))
    query = QueryDict(options["query"].lstrip("?"))
    task_filter, problems = parse(query, Reader(zone, statuses, now=timezone.now()))
    if problems or task_filter.as_of is not None:
        raise _wrong(" ".join(map(str, problems)) or "A list of the past is not approved.")
    selection = select(workspace, task_filter.from_start(), zone)
    if selection.too_many:
        raise _wrong(f"More than {MOST_TASKS} tasks wait in this list. Narrow it first.")
    return selection.ids


def _wrong(sentence: str) -> CommandError:
    return CommandError(f"Nothing was approved. {sentence}", returncode=WRONG_USE)
