"""What can be asked about the key and about Canvas versions."""

import random
from typing import Any

from telareview.sandbox.apps import APPS, VERSIONS, App, CanvasVersion
from telareview.sandbox.documents import document
from telareview.sandbox.errors import not_found
from telareview.sandbox.exchange import Reply, Request, Routes, ok
from telareview.sandbox.people import KEY_EMAIL, WORKSPACE_ID
from telareview.sandbox.scripts import SPAN_DAYS, Plan
from telareview.sandbox.wire import DAY_MS, Number, iso

KEY_ID = "0b8f1c2d-3e4a-4b5c-8d6e-7f8091a2b3c4"


class CanvasRoutes:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def routes(self) -> Routes:
        return {
            "api-key": {"GET": self.api_key},
            "prompt-version": {"GET": self.versions},
            "prompt-version/{id}": {"GET": self.version},
        }

    def api_key(self, request: Request) -> Reply:
        identity = {"id": KEY_ID, "name": "Sandbox key", "email": KEY_EMAIL, "role": "member"}
        return ok({**identity, "workspaceId": WORKSPACE_ID, "createdAt": iso(self._plan.begin)})

    def versions(self, request: Request) -> Reply:
        """Of one Canvas (`promptId`), or all; newest first."""
        prompts = request.query.get("promptId")
        apps = [app for app in APPS if prompts is None or app.prompt_id in prompts]
        return ok([self._describe(app, version) for app in apps for version in reversed(app.versions)])

    def version(self, request: Request, version_id: str) -> Reply:
        if version_id not in VERSIONS:
            raise not_found("Prompt version")
        return ok(self._describe(*VERSIONS[version_id]))

    def _describe(self, app: App, version: CanvasVersion) -> dict[str, Any]:
        live_from = self._plan.begin + int(version.live_from * SPAN_DAYS * DAY_MS)
        sample = document(app.kind, version.number, 20_000, random.Random(1).random)  # noqa: S311
        schema = schema_of(sample) if version.structured else None
        return {
            "id": version.id,
            "promptId": app.prompt_id,
            "title": f"{app.title} v{version.number}",
            "configuration": {
                "model": "vision-large",
                "type": "chat",
                "temperature": 0,
                "structuredOutput": {"enabled": version.structured, "schema": schema},
            },
            "variables": [
                {
                    "name": variable.name,
                    "type": variable.type,
                    "required": variable.required,
                    "description": variable.description,
                    "processingOptions": {"allowMultimodal": variable.type in {"file", "files"}},
                }
                for variable in app.variables
            ],
            "content": "Extraia os campos de {{document}}.",
            "markdownContent": "Extraia os campos de `document`.",
            "promoted": version is app.versions[-1],
            "draft": False,
            "messages": [],
            "createdAt": iso(live_from),
            "updatedAt": iso(live_from),
        }


def schema_of(value: Any, title: str | None = None) -> dict[str, Any]:
    """A JSON Schema that fits the value; keys become titles."""
    named = {"title": title.replace("_", " ").capitalize()} if title else {}
    if isinstance(value, dict):
        fields = {key: schema_of(child, key) for key, child in value.items()}
        return {**named, "type": "object", "properties": fields, "required": list(value)}
    if isinstance(value, list):
        return {**named, "type": "array", "items": schema_of(value[0]) if value else {}}
    if value is None:
        return {**named, "type": ["string", "null"]}
    if isinstance(value, bool):
        return {**named, "type": "boolean"}
    if isinstance(value, Number):
        return {**named, "type": "number"}
    return {**named, "type": "integer" if isinstance(value, int) else "string"}
