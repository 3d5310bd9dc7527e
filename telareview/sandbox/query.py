"""What a list request asks for: every documented parameter, in every documented spelling.

Arrays come as a JSON string, repeated keys, `key[]`, a comma list or a bare value. Unknown parameters are ignored,
unknown values refused.
"""

import json
from dataclasses import dataclass
from math import inf
from urllib.parse import parse_qsl

from telareview.sandbox.errors import bad_request
from telareview.sandbox.wire import is_uuid, microseconds

LIMIT_DEFAULT, LIMIT_MOST = 10, 100
STATUSES = ("created", "running", "validating", "completed", "failed", "cancelled")
REVISIONS = ("approvedWithRevisions", "approvedDirectly")
ORDERS = ("name", "reference", "approvedAt", "createdAt", "updatedAt", "id", "status", "approvedBy", "createdBy")
RANGES = ("createdAt", "updatedAt", "approvedAt")

type Parameters = dict[str, list[str]]
#: Both ends belong to it; milliseconds since 1970.
type Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which tasks. Several `ranges` are joined by OR, so are `created_by` and `approved_by`; the rest by AND."""

    status: frozenset[str] | None = None
    approved_by: frozenset[str] | None = None
    created_by: frozenset[str] | None = None
    revision: str | None = None
    app_id: str | None = None
    agent_id: str | None = None
    version_id: str | None = None
    run_id: str | None = None
    ids: frozenset[str] | None = None
    name: str | None = None
    tags: frozenset[str] | None = None
    ranges: tuple[tuple[str, Range], ...] = ()


@dataclass(frozen=True, slots=True)
class ListRequest:
    criteria: Criteria
    order_by: str
    descending: bool
    limit: int
    offset: int
    light: bool


def parameters(query: str) -> Parameters:
    """A query string as names and their values; `key[]` and `key[0]` count as `key`."""
    found: Parameters = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        name, bracket, rest = key.partition("[")
        plain = name if bracket and rest.endswith("]") and (rest == "]" or rest[:-1].isdigit()) else key
        found.setdefault(plain, []).append(value)
    return found


def list_request(given: Parameters) -> ListRequest:
    """Raises Refusal (400) for a value that cannot be meant."""
    if "promptApplicationId" in given and "agentId" in given:
        raise bad_request("promptApplicationId and agentId cannot be combined")
    criteria = Criteria(
        status=_among("status", STATUSES, given),
        approved_by=_set("approvedBy", given),
        created_by=_set("createdBy", given),
        revision=_one_of("revisionProcess", REVISIONS, given),
        app_id=_uuid("promptApplicationId", given),
        agent_id=_uuid("agentId", given),
        version_id=_uuid("promptVersionId", given),
        run_id=_uuid("completionRunId", given),
        ids=_uuids("ids", given),
        name=_last("taskName", given) or None,
        tags=_set("tags", given),
        ranges=tuple((key, span) for key in RANGES if (span := _range(key, given)) is not None),
    )
    return ListRequest(
        criteria,
        order_by=_one_of("orderBy", ORDERS, given) or "updatedAt",
        descending=(_one_of("order", ("asc", "desc"), given) or "desc") == "desc",
        limit=whole_number("limit", given, LIMIT_DEFAULT, 1, LIMIT_MOST),
        offset=whole_number("offset", given, 0, 0, None),
        light=_last("excludeInputOutputColumns", given) in ("true", "1"),
    )


def array(name: str, given: Parameters) -> list[str] | None:
    """The values of an array parameter in whatever spelling; None when it was not sent."""
    if name not in given:
        return None
    values: list[str] = []
    for text in given[name]:
        if text.lstrip().startswith("["):
            values += _json_array(name, text)
        else:
            values += [part.strip() for part in text.split(",")]
    return values


def whole_number(name: str, given: Parameters, default: int, least: int, most: int | None) -> int:
    text = _last(name, given)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise bad_request(f"{name} must be a whole number", parameter=name)
    number = int(text)
    if number < least or (most is not None and number > most):
        raise bad_request(f"{name} must be between {least} and {most or 'any number'}", parameter=name)
    return number


def _json_array(name: str, text: str) -> list[str]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise bad_request(f"{name} is not a JSON array", parameter=name) from error
    if not all(isinstance(value, str) for value in values):
        raise bad_request(f"{name} must hold strings", parameter=name)
    return list(values)


def _last(name: str, given: Parameters) -> str | None:
    return given[name][-1] if name in given else None


def _set(name: str, given: Parameters) -> frozenset[str] | None:
    values = array(name, given)
    return None if values is None else frozenset(values)


def _among(name: str, allowed: tuple[str, ...], given: Parameters) -> frozenset[str] | None:
    values = _set(name, given)
    if unknown := sorted((values or frozenset()) - set(allowed)):
        raise bad_request(f"{name} must be one of {', '.join(allowed)}", parameter=name, received=unknown)
    return values


def _one_of(name: str, allowed: tuple[str, ...], given: Parameters) -> str | None:
    value = _last(name, given)
    if value is not None and value not in allowed:
        raise bad_request(f"{name} must be one of {', '.join(allowed)}", parameter=name, received=value)
    return value


def _uuid(name: str, given: Parameters) -> str | None:
    value = _last(name, given)
    if value is not None and not is_uuid(value):
        raise bad_request(f"{name} must be a UUID", parameter=name, received=value)
    return value.lower() if value else None


def _uuids(name: str, given: Parameters) -> frozenset[str] | None:
    values = _set(name, given)
    if values and not all(map(is_uuid, values)):
        raise bad_request(f"{name} must hold UUIDs", parameter=name)
    return None if values is None else frozenset(map(str.lower, values))


def _range(key: str, given: Parameters) -> Range | None:
    """A `…Since`/`…Until` pair; `since` and `until` are older names of the pair of `approvedAt`."""
    since, until = _moment(f"{key}Since", given), _moment(f"{key}Until", given)
    if key == "approvedAt":
        since = _moment("since", given) if since is None else since
        until = _moment("until", given) if until is None else until
    if since is None and until is None:
        return None
    return (-inf if since is None else -(-since // 1000), inf if until is None else until // 1000)


def _moment(name: str, given: Parameters) -> int | None:
    text = _last(name, given)
    if text is None:
        return None
    try:
        return microseconds(text)
    except (ValueError, OverflowError) as error:
        raise bad_request(f"{name} must be ISO 8601 or a timestamp", parameter=name, received=text) from error
