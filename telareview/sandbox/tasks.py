"""A task in two parts: the card (facts that lists filter and sort by) and the story (everything else)."""

from dataclasses import dataclass, field
from typing import Any

from telareview.sandbox.apps import AGENT_ID, AGENT_REF
from telareview.sandbox.merge import Change
from telareview.sandbox.people import WORKSPACE_ID
from telareview.sandbox.wire import iso, uuid_text


@dataclass(slots=True, eq=False)
class Card:
    """Instants are milliseconds since 1970. `number` is the seeded task's number, -1 for one made later."""

    number: int
    id: str
    reference: int
    name: str
    status: str
    created_by: str
    created: int
    updated: int
    app_id: str | None = None
    version_id: str | None = None
    approved_by: str | None = None
    approved: int | None = None
    revised: bool = False
    tags: tuple[str, ...] = ()
    deleted: int | None = None


@dataclass(slots=True)
class Story:
    """What only a full answer shows. `original` and `current` are None until there is a result."""

    raw_input: dict[str, Any]
    input: dict[str, Any] | None = None
    original: Any = None
    current: Any = None
    edited: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    run_id: str | None = None
    #: Headers the creating call asked to be forwarded to webhooks.
    forward: dict[str, str] = field(default_factory=dict)


def run_id(task_id: str) -> str:
    """The id of the run behind a task; the function is its own inverse."""
    return task_id[24:32] + task_id[8:24] + task_id[:8] + task_id[32:]


def is_agent(card: Card) -> bool:
    return card.app_id is None


def record_edits(story: Story, changes: list[Change], author: str, at: int) -> None:
    story.edited += [
        {"path": change.path, "author": author, "editedAt": iso(at), "previousValue": change.previous}
        for change in changes
    ]


def snapshot(card: Card, story: Story, who: str, at: int) -> None:
    """Keep the task's present state as the next of Tela's own versions."""
    keep_version(story, card, card.status, who, at)


def keep_version(story: Story, card: Card, status: str, who: str, at: int) -> None:
    number = len(story.versions) + 1
    bits = int(card.id[:8], 16) << 96 | int(card.id[24:], 16) << 32 | number * 2_654_435_761
    story.versions.append(
        {
            "id": uuid_text(bits),
            "taskId": card.id,
            "version": number,
            "name": card.name,
            "status": status,
            "outputContent": wrapped(story.current),
            "changedBy": who,
            "changedAt": iso(at),
        }
    )


def wrapped(content: Any) -> dict[str, Any] | None:
    return None if content is None else {"role": "assistant", "content": content}


def input_of(raw_input: dict[str, Any], parsed: str) -> dict[str, Any]:
    """The processed input, from the request as stored."""
    variables = raw_input.get("variables") or {}
    files = [
        {
            "name": file.get("file_name") or str(file.get("file_url", "")).split("?")[0].rsplit("/", 1)[-1],
            "usedAt": "variables",
            "parsedContent": parsed,
            "url": file.get("file_url"),
            "type": "image" if str(file.get("mime_type", "")).startswith("image/") else "file",
        }
        for value in variables.values()
        if isinstance(value, dict) and isinstance(value.get("files"), list)
        for file in value["files"]
        if isinstance(file, dict)
    ]
    return {"variables": variables, "messages": raw_input.get("messages") or [], "files": files}


def light_fields(card: Card, story: Story) -> tuple[dict[str, Any], dict[str, Any]]:
    """The keys before and after the input and output columns, in the order Tela sends them."""
    metadata = story.metadata
    if story.edited:
        metadata = {**(metadata or {}), "editedFields": story.edited}
    head = {"id": card.id, "reference": card.reference, "name": card.name, "status": card.status}
    agent = is_agent(card)
    tail = {
        "createdBy": card.created_by,
        "approvedBy": card.approved_by,
        "approvedAt": iso(card.approved),
        "completionRunId": None if agent else story.run_id,
        "workflowRunId": None,
        "sourceType": "agent" if agent else "prompt",
        "agentId": AGENT_ID if agent else None,
        "agentRef": AGENT_REF if agent else None,
        "agentSessionId": run_id(card.id) if agent else None,
        "promptVersionId": card.version_id,
        "promptApplicationId": card.app_id,
        "workspaceId": WORKSPACE_ID,
        "metadata": metadata,
        "tags": card.tags,
        "createdAt": iso(card.created),
        "updatedAt": iso(card.updated),
        "deletedAt": iso(card.deleted),
        **story.extra,
    }
    return head, tail


def columns(story: Story) -> dict[str, Any]:
    """The input and output columns, which a list may leave out."""
    return {
        "rawInput": story.raw_input,
        "inputContent": story.input,
        "outputContent": wrapped(story.current),
        "originalOutputContent": wrapped(story.original),
    }


def analytics(card: Card, story: Story) -> dict[str, Any] | None:
    """Review metrics; None where there is no review to measure."""
    if is_agent(card) or story.original is None:
        return None
    taken = None if card.approved is None else card.approved - card.created
    return {
        "editedFieldsCount": len({edit["path"] for edit in story.edited}),
        "editsCount": len(story.edited),
        "timeToApprovalMs": taken,
        "revisionProcess": None if taken is None else "approvedWithRevisions" if card.revised else "approvedDirectly",
    }
