"""What the ledger seals of the mirror: every column of a version, those that name people behind a salted hash.

Whoever adds a column to `TaskVersion` or `ToldVersion` adds it here; a test compares.
"""

from telareview.ledger.sources import Content, Source, hexadecimal, instant

#: An erasure tells by itself which records have lost what they said; people who ask for one answer for it by name.
ERASURES = Source(
    name="erasure",
    table="tasks_erasure",
    open={
        "number": "record.number",
        "scope": "record.scope",
        "reason": "record.reason",
        "askedBy": "record.asked_by",
        "taskIds": "record.task_ids",
        "recordedAt": instant("record.recorded_at"),
    },
    erases="record.records",
)

VERSIONS = Source(
    name="version",
    table="tasks_taskversion",
    open={
        "taskId": "record.task_id",
        "number": "record.number",
        "kind": "record.kind",
        "observedAt": instant("record.observed_at"),
        "learnedBy": "record.learned_by",
        "run": "record.run_id",
        "recordedAt": instant("record.recorded_at"),
        "reference": "record.reference",
        "status": "record.status",
        "revisionProcess": "record.revision_process",
        "createdAt": instant("record.created_at"),
        "updatedAt": instant("record.updated_at"),
        "approvedAt": instant("record.approved_at"),
        "promptApplicationId": "record.prompt_application_id",
        "promptVersionId": "record.prompt_version_id",
        "completionRunId": "record.completion_run_id",
        "workflowRunId": "record.workflow_run_id",
        "payload": hexadecimal("record.payload_commit"),
    },
    closed={
        "name": "record.name",
        "createdBy": "record.created_by",
        "approvedBy": "record.approved_by",
        "editedFields": "record.edited_paths",
        "changedFields": "record.changed_paths",
        "tags": "record.tags",
        "agentId": "record.agent_id",
        "sourceType": "record.source_type",
        # Unsalted, so it could confirm a guess of what was erased.
        "content": hexadecimal("record.content_hash"),
    },
    salt="uuid_send(record.salt)",
    blank={
        "name": "NULL",
        "created_by": "NULL",
        "approved_by": "NULL",
        "edited_paths": "'{}'",
        "changed_paths": "'{}'",
        "tags": "'{}'",
        "agent_id": "NULL",
        "source_type": "NULL",
        "content_hash": "''",
        "salt": "NULL",
    },
    content=Content(table="tasks_payload", key="version_id", commit="payload_commit"),
)

TOLD = Source(
    name="told",
    table="tasks_toldversion",
    open={
        "taskId": "record.task_id",
        "toldVersion": "record.told_version",
        "status": "record.status",
        "changedAt": instant("record.changed_at"),
        "observedAt": instant("record.observed_at"),
        "recordedAt": instant("record.recorded_at"),
    },
    closed={
        "name": "record.name",
        "changedBy": "record.changed_by",
        # As text: told to the letter, and null (not JSON's null) once it is erased.
        "text": "nullif(record.text::text, 'null')",
    },
    salt="uuid_send(record.salt)",
    blank={
        "name": "NULL",
        "changed_by": "NULL",
        "text": "'null'",
        # Any value that differs from row to row: two wordings of one entry stay two rows.
        "content_hash": "sha256(convert_to(id::text, 'UTF8'))",
        "salt": "NULL",
    },
)
