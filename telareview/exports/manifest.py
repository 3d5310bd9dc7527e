"""What a file says of itself: a JSON object beside it, from which a stranger can check it offline."""

import datetime as dt
import json
from typing import Any

from telareview import __version__
from telareview.accounts.pseudonyms import PEOPLE_PARAMETERS, hidden_workspace, person_shown, query_shown, text_shown
from telareview.exports.plan import Plan
from telareview.exports.snapshot import Facts
from telareview.tasks.moments import end_instant, first_instant, show_moment

FORMAT = "telareview-export-manifest/1"
#: Members that hold a query string.
QUERIES = frozenset({"sent", "understood"})


def manifest_of(
    plan: Plan, facts: Facts, *, rows: int, size_bytes: int, sha256: str, over_long_cells: int | None
) -> dict[str, Any]:
    """The manifest, ready for JSON. Moments are ISO 8601 in UTC, checksums hex."""
    as_of = plan.task_filter.as_of
    return {
        "manifest": FORMAT,
        "product": {"name": "telareview", "version": __version__},
        "workspace": plan.workspace.slug,
        "requestedBy": plan.requested_by or None,
        "requestedAt": _moment(plan.requested_at),
        "takenAt": _moment(facts.taken_at),
        "filter": {
            "sent": plan.sent,
            "understood": plan.task_filter.as_query(),
            "criteria": _criteria(plan),
            "moments": _moments(plan),
            "zone": plan.zone.key,
            "asOf": _moment(as_of),
            "order": [f"{plan.task_filter.order_by} {plan.task_filter.order}", f"id {plan.task_filter.order}"],
        },
        "profile": plan.profile.name,
        "locale": plan.locale,
        "delimiter": plan.separator or None,
        "formulaGuard": plan.profile.guard,
        "columns": [
            {
                "name": column.name,
                "type": column.kind.value,
                "personal": column.personal,
                "masked": plan.masked and column.personal,
            }
            for column in plan.columns
        ],
        "peopleMasked": plan.masked,
        "file": {"rows": rows, "bytes": size_bytes, "sha256": sha256, "overLongCells": over_long_cells},
        "mirror": {
            "syncedAt": _moment(facts.synced_at),
            "newestUpdatedAt": _moment(facts.newest_updated_at),
            "failingSince": _moment(facts.failing_since),
            "lastSweepAt": _moment(facts.last_sweep_at),
        },
        "seal": {"size": facts.seal_size, "root": facts.seal_root} if facts.seal_size is not None else None,
    }


def manifest_text(manifest: dict[str, Any]) -> str:
    """The manifest as it lies beside the file."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def manifest_shown(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with pseudonyms for the people it names, for a reader who may not see them; for others as it is."""

    def walk(value: Any, key: str = "") -> Any:
        match value:
            case dict():
                return {name: walk(each, name) for name, each in value.items()}
            case list():
                return [walk(each, key) for each in value]
            case str() if key in PEOPLE_PARAMETERS or key == "requestedBy":
                return person_shown(value)
            case str():
                return query_shown(value) if key in QUERIES else text_shown(value)
        return value

    shown: dict[str, Any] = walk(manifest) if hidden_workspace() else manifest
    return shown


def _criteria(plan: Plan) -> dict[str, list[str]]:
    """Every parameter as understood, with its values."""
    said: dict[str, list[str]] = {}
    for name, value in plan.task_filter.as_pairs():
        said.setdefault(name, []).append(value)
    return said


def _moments(plan: Plan) -> dict[str, dict[str, Any]]:
    """The instants that days of the filter mean in its zone; `untilIncluded` says whether the end belongs to it."""
    found = {}
    spans = {
        "approvedAt": plan.task_filter.approved_at,
        "createdAt": plan.task_filter.created_at,
        "updatedAt": plan.task_filter.updated_at,
    }
    for name, span in spans.items():
        if not span:
            continue
        until, included = end_instant(span.until, plan.zone) if span.until else (None, None)
        found[name] = {
            "since": _moment(first_instant(span.since, plan.zone)) if span.since else None,
            "until": _moment(until),
            "untilIncluded": included,
        }
    return found


def _moment(moment: dt.datetime | None) -> str | None:
    return show_moment(moment) if moment else None
