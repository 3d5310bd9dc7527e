"""From a task's record to the narrow columns of the mirror, its content hash and its commitment."""

import hashlib
import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from telareview.tasks.revision import edited_paths, revision_process
from telareview.tela import TaskRecord

#: Query parameters that carry a signature or its expiry: a file address signed anew is no change of the task.
SIGNATURE = re.compile(
    r"(?i)(?:x-amz-|x-goog-)[a-z-]+|signature|sig|expires|exp|policy|key-pair-id|googleaccessid|awsaccesskeyid|token|"
    r"se|sp|sv|sr|st|skoid|sktid|skt|ske|sks|skv|response-content-disposition"
)
#: A JSON string that is an address with a query, inside canonical JSON (ASCII, quotes escaped).
ADDRESS_WITH_QUERY = re.compile(r'"(https?://[^"?\s]+)\?([^"]*)"')
UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
#: E-mail addresses end at 254 characters; four bytes each stay below PostgreSQL's limit of an index entry.
INDEXED_CHARACTERS = 600


class Facts(NamedTuple):
    """The columns of `TaskFacts` but the workspace, in their order."""

    task_id: UUID
    reference: int | None
    name: str | None
    status: str
    created_by: str | None
    approved_by: str | None
    approved_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision_process: str
    edited_paths: list[str]
    prompt_application_id: UUID | None
    prompt_version_id: UUID | None
    completion_run_id: UUID | None
    workflow_run_id: UUID | None
    agent_id: str | None
    source_type: str | None
    tags: list[str]


def facts_of(record: TaskRecord) -> Facts:
    """The facts of one record."""
    return Facts(
        task_id=record.id,
        reference=record.reference,
        name=holdable(record.name),
        status=indexable(record.status) or "",
        created_by=indexable(record.created_by),
        approved_by=indexable(record.approved_by),
        approved_at=record.approved_at,
        created_at=record.created_at,
        updated_at=record.updated_at,
        revision_process=revision_process(
            status=record.status,
            approved_at=record.approved_at,
            edited_fields=record.edited_fields,
            original_output_content=record.original_output_content,
            output_content=record.output_content,
            has_payload=record.has_payload,
        ),
        edited_paths=[indexable(path) or "" for path in edited_paths(record.edited_fields or ())],
        prompt_application_id=record.prompt_application_id,
        prompt_version_id=record.prompt_version_id,
        completion_run_id=record.completion_run_id,
        workflow_run_id=record.workflow_run_id,
        agent_id=holdable(record.agent_id),
        source_type=holdable(record.source_type),
        tags=[indexable(tag) or "" for tag in record.tags],
    )


def first_doers(facts: Facts, record: TaskRecord) -> list[str]:
    """Who is told to have made the state in which a task is first seen, as a text column holds it."""
    authors = (edit.author for edit in record.edited_fields or ())
    return [
        *filter(None, (facts.created_by, facts.approved_by)),
        # As `doers.READABLE` writes them.
        *(UNHOLDABLE.sub("\ufffd", author) for author in authors if author),
    ]


def holdable(text: str | None) -> str | None:
    """`text` as a PostgreSQL column can hold it: U+2400 for `\\u0000`, U+FFFD for a lone surrogate."""
    if text is None or not UNHOLDABLE.search(text):
        return text
    return UNHOLDABLE.sub("\ufffd", text.replace("\0", "\u2400"))


def indexable(text: str | None) -> str | None:
    """As `holdable`, cut where an index could not hold it (PostgreSQL: 2,704 bytes); the payload has it whole."""
    text = holdable(text)
    return text if text is None or len(text) <= INDEXED_CHARACTERS else text[: INDEXED_CHARACTERS - 1] + "…"


def content_hash(canonical_json: str) -> bytes:
    """SHA-256 of the canonical payload without the signatures of file addresses. Equal hash = no change."""
    if "?" in canonical_json:
        canonical_json = ADDRESS_WITH_QUERY.sub(_unsigned, canonical_json)
    return hashlib.sha256(canonical_json.encode("ascii")).digest()


def _unsigned(match: re.Match[str]) -> str:
    address, query = match.groups()
    kept = [part for part in query.split("&") if not _signs(part.partition("=")[0])]
    return f'"{address}?{"&".join(kept)}"'


def _signs(parameter: str) -> bool:
    # The same few names come with every address; one may also be as long as a payload.
    return (_is_known_to_sign if len(parameter) < 100 else SIGNATURE.fullmatch)(parameter) is not None


_is_known_to_sign = lru_cache(maxsize=256)(SIGNATURE.fullmatch)


def commitment(salt: bytes, canonical_json: str) -> bytes:
    """SHA-256(salt ‖ canonical payload)."""
    return hashlib.sha256(salt + canonical_json.encode("ascii")).digest()
