"""A task in two parts: the card (facts that lists filter and sort by) and the story (everything else).

Cards are always in memory. The story of a seeded task is told anew each time it is needed, until something changes it.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from telareview.sandbox.apps import AGENT_ID, AGENT_REF
from telareview.sandbox.documents import document, parsed_text, plain_text
from telareview.sandbox.merge import Change, overlay
from telareview.sandbox.people import WORKSPACE_ID
from telareview.sandbox.revisions import edits_for, put_back
from telareview.sandbox.scripts import STATUS_AFTER, Event, Plan, Script
from telareview.sandbox.wire import DAY_MS, Number, iso, uuid_text

PUT_BACK_EVERY = 9
FAILURE_REASON = "The document could not be read: page 3 holds an image without text."


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


def card_of(script: Script, reference: int) -> Card:
    """The facts at the end of a scripted life."""
    card = Card(
        number=script.number,
        id=script.id,
        reference=reference,
        name=script.name,
        status=script.status,
        created_by=script.creator,
        created=script.created,
        updated=script.events[-1].at if script.events else script.created,
        app_id=script.app.id if script.app else None,
        version_id=script.version.id if script.version else None,
        tags=script.tags,
    )
    for event in script.events:
        if event.kind == "approved":
            card.approved_by, card.approved = event.who, event.at
        elif event.kind == "revoked" and script.number % 3:
            card.approved_by = card.approved = None
        elif event.kind == "edited":
            card.revised = True
        elif event.kind == "tagged":
            card.tags = (*card.tags, "auditado")
    return card


def story_of(card: Card, plan: Plan) -> Story:
    """Tell a seeded task's story again, down to the last digit."""
    rng = plan.source(card.number)
    script = plan.script(card.number, rng)
    story = Story(raw_input=_raw_input(script, rng), run_id=run_id(card.id))
    if card.number % 53 == 0:
        story.extra["priorityScore"] = Number(f"0.{card.number % 900:03d}0")
    _snapshot(story, card.id, card.name, "created", script.creator, card.created)
    for event in script.events:
        if event.kind == "finished":
            _give_result(story, script, rng)
        elif event.kind == "edited":
            _edit(story, script, event)
        elif event.kind == "failed" and card.number % 3 == 0:
            story.metadata = {"failure": {"message": FAILURE_REASON}}
        _snapshot(story, card.id, card.name, STATUS_AFTER[event.kind], event.who, event.at)
    if story.original is not None and card.number % 2:
        story.metadata = {}
    return story


def record_edits(story: Story, changes: list[Change], author: str, at: int) -> None:
    story.edited += [
        {"path": change.path, "author": author, "editedAt": iso(at), "previousValue": change.previous}
        for change in changes
    ]


def _snapshot(story: Story, task_id: str, name: str, status: str, who: str, at: int) -> None:
    number = len(story.versions) + 1
    seed = int(task_id[:8], 16) << 96 | int(task_id[24:], 16) << 32 | number * 2_654_435_761
    story.versions.append(
        {
            "id": uuid_text(seed),
            "taskId": task_id,
            "version": number,
            "name": name,
            "status": status,
            "outputContent": wrapped(story.current),
            "changedBy": who,
            "changedAt": iso(at),
        }
    )


def snapshot(card: Card, story: Story, who: str, at: int) -> None:
    """Keep the task's present state as the next of Tela's own versions."""
    _snapshot(story, card.id, card.name, card.status, who, at)


def wrapped(content: Any) -> dict[str, Any] | None:
    return None if content is None else {"role": "assistant", "content": content}


def _raw_input(script: Script, rng: random.Random) -> dict[str, Any]:
    draw = rng.random()
    if script.url:
        url = script.url
    elif draw < 0.1:
        url = f"vault://{uuid_text(rng.getrandbits(128))}"
    else:
        url = f"https://files.acme.example/{script.id}/document?X-Amz-Expires=900&X-Amz-Signature={rng.getrandbits(128):032x}"
    mime = "application/pdf" if script.name.endswith(".pdf") else "application/octet-stream"
    file = {"file_url": url, "file_name": script.name, "mime_type": mime}
    target = {"application_id": script.app.id} if script.app else {"agent_id": AGENT_ID}
    return {**target, "variables": {"document": {"files": [file]}}, "async": True}


def input_of(raw_input: dict[str, Any], parsed: str) -> dict[str, Any]:
    """The processed input, from the request as stored."""
    variables = raw_input.get("variables") or {}
    files = [
        {
            "name": file.get("file_name"),
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


def result_for(kind: str, version: int, structured: bool, name: str, day: int, rng: random.Random) -> Any:
    return document(kind, version, day, rng.random) if structured else plain_text(name, rng.random)


def _give_result(story: Story, script: Script, rng: random.Random) -> None:
    day = script.created // DAY_MS
    version = script.version.number if script.version else 1
    structured = script.version is None or script.version.structured
    story.original = result_for(script.kind, version, structured, script.name, day, rng)
    if script.hostile is not None and isinstance(story.original, dict):
        story.original["observacoes"] = script.hostile
        story.original["codigo_interno"] = 9_007_199_254_740_993 + script.number
        story.original["saldo_anterior"] = Number("-0.10000000000000000555")
        story.original[script.hostile[:40]] = "a key as hostile as the value"
    story.current = story.original
    story.input = input_of(story.raw_input, parsed_text(script.kind, script.name, day, rng.random))


def _edit(story: Story, script: Script, event: Event) -> None:
    rng = random.Random(event.edit)  # noqa: S311
    kinds = edits_for(script.kind)
    if event.edit % PUT_BACK_EVERY == 0:
        patches: tuple[dict[str, Any], ...] = put_back(script.kind, story.current)
    else:
        patches = (kinds[int(rng.random() * len(kinds))](story.current, rng.random),)
    for patch in patches:
        story.current, changes = overlay(story.current, patch)
        record_edits(story, changes, event.who, event.at)


def is_agent(card: Card) -> bool:
    return card.app_id is None


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
