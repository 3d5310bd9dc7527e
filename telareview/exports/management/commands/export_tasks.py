"""`manage.py export_tasks`: a filtered list as a file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.http import QueryDict

from telareview.accounts.models import DEFAULT_ZONE, Workspace, validate_zone
from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.exports.manifest import manifest_text
from telareview.exports.plan import DELIMITERS, plan_export
from telareview.exports.profiles import PROFILES
from telareview.exports.record import complete, recorded_export
from telareview.exports.refusals import CannotExport
from telareview.exports.spool import spool

NOT_WHOLE, WRONG_USE = 1, 2


class Command(BaseCommand):
    help = "Write the filtered list of tasks to a file, whole or not at all, and its manifest beside it."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--query", default="", metavar="QUERY", help="as in the list's address: 'status=completed&…'"
        )
        parser.add_argument("--profile", choices=[*PROFILES], default="machine", help="default: %(default)s")
        parser.add_argument("--as-of", default="", metavar="ISO", help="the list as the mirror knew it then")
        parser.add_argument("--columns", default="", metavar="NAMES", help="CSV names, comma-separated")
        parser.add_argument(
            "--zone", default=DEFAULT_ZONE, help="days of the query are days of it; default: %(default)s"
        )
        parser.add_argument(
            "--locale",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="words, delimiter and decimal sign of files for people; default: %(default)s",
        )
        parser.add_argument(
            "--delimiter",
            choices=list(DELIMITERS),
            default="",
            help="of profile excel, where that of its language is not wanted",
        )
        parser.add_argument("--mask-people", action="store_true", help="pseudonyms for e-mail addresses of people")
        parser.add_argument("--workspace", default=DEFAULT_SLUG, metavar="SLUG", help="default: %(default)s")
        parser.add_argument("--output", required=True, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace “{options['workspace']}”.", returncode=WRONG_USE)
        try:
            validate_zone(options["zone"])
            plan = plan_export(
                workspace,
                _query(options),
                profile=options["profile"],
                columns=[name.strip() for name in options["columns"].split(",") if name.strip()],
                zone=ZoneInfo(options["zone"]),
                locale=options["locale"],
                delimiter=options["delimiter"],
                masked=options["mask_people"],
                sent=options["query"],
            )
        except (ValueError, ValidationError) as error:
            said = " ".join(error.messages) if isinstance(error, ValidationError) else error
            raise CommandError(f"Nothing was written. {said}", returncode=WRONG_USE) from error
        target = Path(options["output"]).absolute()
        if not target.parent.is_dir():
            raise CommandError(f"Nothing was written. There is no folder {target.parent}.", returncode=WRONG_USE)
        try:
            with recorded_export(plan, None) as record:
                spooled = spool(plan, target)
                complete(record, spooled)
            beside = target.with_name(f"{target.name}.manifest.json")
            beside.write_text(manifest_text(spooled.manifest), encoding="utf-8")
        except (CannotExport, OSError, DatabaseError) as error:
            raise CommandError(f"Nothing was written. {error}", returncode=NOT_WHOLE) from error
        summary = {
            "rows": spooled.rows,
            "bytes": spooled.size_bytes,
            "sha256": spooled.sha256,
            "file": str(target),
            "manifest": str(beside),
        }
        self.stdout.write(json.dumps(summary) if options["json"] else f"{spooled.rows} tasks written to {target}")


def _query(options: dict[str, Any]) -> QueryDict:
    """The query with the moment of `--as-of`, which wins over one in the query itself."""
    query = QueryDict(options["query"].lstrip("?"), mutable=True)
    if options["as_of"]:
        query["asOf"] = options["as_of"]
    return query
