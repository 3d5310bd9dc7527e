"""The seeded tasks, told from their scripts.

Cards are always in memory. The story of a seeded task is told anew each time it is needed, until something changes it.
"""

import random
from typing import Any

from telareview.sandbox.apps import AGENT_ID
from telareview.sandbox.documents import parsed_text, result
from telareview.sandbox.merge import overlay
from telareview.sandbox.revisions import edits_for, put_back
from telareview.sandbox.scripts import STATUS_AFTER, Event, Plan, Script
from telareview.sandbox.tasks import Card, Story, input_of, keep_version, record_edits, run_id
from telareview.sandbox.wire import DAY_MS, Number, uuid_text

PUT_BACK_EVERY = 9
FAILURE_REASON = "The document could not be read: page 3 holds an image without text."


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
    keep_version(story, card, "created", script.creator, card.created)
    for event in script.events:
        if event.kind == "finished":
            _give_result(story, script, rng)
        elif event.kind == "edited":
            _edit(story, script, event)
        elif event.kind == "failed" and card.number % 3 == 0:
            story.metadata = {"failure": {"message": FAILURE_REASON}}
        keep_version(story, card, STATUS_AFTER[event.kind], event.who, event.at)
    if story.original is not None and card.number % 2:
        story.metadata = {}
    return story


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


def _give_result(story: Story, script: Script, rng: random.Random) -> None:
    day = script.created // DAY_MS
    story.original = result(script.kind, script.version, script.name, day, rng.random)
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
