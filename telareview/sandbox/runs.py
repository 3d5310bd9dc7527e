"""A task's run as the completions API tells it: snake_case, with statuses of its own."""

from typing import Any

from telareview.sandbox.people import WORKSPACE_ID
from telareview.sandbox.tasks import Card, Story
from telareview.sandbox.wire import iso

COMPATIBILITY_DATE = "2024-10-14"
_RUN_STATUS = {"created": "created", "running": "running", "failed": "failed", "cancelled": "failed"}


def run_report(card: Card, story: Story) -> dict[str, Any]:
    """The reply of `GET /v2/chat/completions/{id}`, and what is sent to a `webhook_url` when the run ends."""
    content = story.original
    output = None
    if content is not None:
        output = {
            "role": "assistant",
            "content": content,
            "structured_content": not isinstance(content, str),
            "tool_calls": [],
            "information": {"duration": 4200, "cost": 0.0125, "input_tokens": 3120, "output_tokens": 640},
        }
    return {
        "id": story.run_id,
        "status": _RUN_STATUS.get(card.status, "succeeded"),
        "input_content": _snake_input(story.input),
        "output_content": output,
        "raw_input": story.raw_input,
        "raw_output": content if isinstance(content, dict) else None if content is None else {"text": content},
        "compatibility_date": COMPATIBILITY_DATE,
        "prompt_version_id": card.version_id,
        "prompt_application_id": card.app_id,
        "workspace_id": WORKSPACE_ID,
        "created_at": iso(card.created),
        "updated_at": iso(card.updated),
    }


def _snake_input(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    names = {"usedAt": "used_at", "parsedContent": "parsed_content"}
    files = [{names.get(key, key): value for key, value in file.items()} for file in given["files"]]
    return {**given, "files": files}
