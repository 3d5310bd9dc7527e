"""Exports made directly, without page or command."""

from pathlib import Path
from zoneinfo import ZoneInfo

from django.http import QueryDict

from telareview.exports.plan import plan_export
from telareview.exports.spool import Spooled, spool

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def make(workspace, folder: Path, query: str = "", profile: str = "machine", **options) -> Spooled:
    plan = plan_export(
        workspace, QueryDict(query), profile=profile, sent=query, **{"zone": SAO_PAULO, "locale": "en", **options}
    )
    return spool(plan, folder / f"tasks{plan.profile.suffix}")
