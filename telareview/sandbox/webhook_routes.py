"""Subscribing to an app's events, and looking after the subscriptions."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from telareview.sandbox.apps import BY_ID
from telareview.sandbox.courier import post
from telareview.sandbox.errors import bad_request, not_found
from telareview.sandbox.exchange import Reply, Request, Routes, ok
from telareview.sandbox.query import whole_number
from telareview.sandbox.webhooks import EVENTS, Webhook, Webhooks
from telareview.sandbox.wire import dumps, iso

LIMIT_DEFAULT, LIMIT_MOST = 20, 100
METHODS = ("POST", "PUT", "PATCH")


class WebhookRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self.webhooks, self.state = webhooks, webhooks.state

    def routes(self) -> Routes:
        return {
            "prompt-application/{id}/webhooks": {"GET": self.list, "POST": self.create},
            "webhook/{id}": {"GET": self.get, "PATCH": self.change, "DELETE": self.delete},
            "webhook/{id}/test": {"POST": self.test},
            "webhook/{id}/deliveries": {"GET": self.deliveries},
            "webhook-delivery/{id}/resend": {"POST": self.resend},
        }

    def list(self, request: Request, app_id: str) -> Reply:
        self._check_app(app_id)
        active, event = request.query.get("isActive"), request.query.get("eventType")
        with self.state.lock:
            shown = [
                hook.shown()
                for hook in reversed(self.webhooks.hooks.values())
                if hook.app_id == app_id
                and (active is None or hook.active == (active[-1] == "true"))
                and (event is None or event[-1] in hook.events)
            ]
        return _page(request, shown)

    def create(self, request: Request, app_id: str) -> Reply:
        self._check_app(app_id)
        given = _checked(request.json_object())
        if missing := [key for key in ("name", "url", "events") if key not in given]:
            raise bad_request("Required keys are missing", missing=missing)
        now = self.state.clock.now()
        with self.state.lock:
            hook = Webhook(str(uuid4()), app_id, now, now, given["name"], given["url"], given["events"])
            _apply(hook, given)
            self.webhooks.hooks[hook.id] = hook
        return ok(hook.shown(), 201)

    def get(self, request: Request, hook_id: str) -> Reply:
        return ok(self._hook(hook_id).shown())

    def change(self, request: Request, hook_id: str) -> Reply:
        given = _checked(request.json_object())
        with self.state.lock:
            hook = self._hook(hook_id)
            _apply(hook, given)
            hook.updated = self.state.clock.now()
        return ok(hook.shown())

    def delete(self, request: Request, hook_id: str) -> Reply:
        with self.state.lock:
            del self.webhooks.hooks[self._hook(hook_id).id]
        return ok({"success": True})

    def test(self, request: Request, hook_id: str) -> Reply:
        """Sends a made-up event now; the answer is 200 whatever came of it, and no delivery is recorded."""
        hook, body = self._hook(hook_id), request.json_object()
        mock = body.get("mockData")
        task = mock.get("task") if isinstance(mock, dict) else None
        sample = {"id": str(uuid4()), "status": "validating", "reference": 1}
        sample |= task if isinstance(task, dict) else {}
        sample["title"] = sample.get("title", sample.get("name"))
        outcome = post(
            hook.url,
            dumps(
                {
                    "id": str(uuid4()),
                    "event": body.get("eventType", EVENTS[0]),
                    "timestamp": iso(self.state.clock.now()),
                    "task": sample,
                    "inputContent": {"files": []},
                    "outputContent": None,
                }
            ),
            hook.headers,
            hook.method,
        )
        return ok({"success": outcome.success, "statusCode": outcome.status, "error": outcome.error})

    def deliveries(self, request: Request, hook_id: str) -> Reply:
        with self.state.lock:
            hook = self._hook(hook_id)
            shown = [row.shown() for row in reversed(self.webhooks.deliveries) if row.webhook_id == hook.id]
        return _page(request, shown)

    def resend(self, request: Request, delivery_id: str) -> Reply:
        """Queued anew, with the payload of the task as it is now."""
        with self.state.lock:
            old = next((row for row in self.webhooks.deliveries if row.id == delivery_id), None)
            if old is None:
                raise not_found("Webhook delivery")
            card = self.state.card(old.task_id)
            hook, root = self._hook(old.webhook_id), old.original_id or old.id
            new = self.webhooks.deliver(hook, old.event, card, self.state.story(card), root)
        return ok({"success": True, **new.shown()})

    def _hook(self, hook_id: str) -> Webhook:
        hook = self.webhooks.hooks.get(hook_id)
        if hook is None:
            raise not_found("Webhook")
        return hook

    def _check_app(self, app_id: str) -> None:
        if app_id not in BY_ID:
            raise not_found("Prompt application")


def _apply(hook: Webhook, given: dict[str, Any]) -> None:
    """Only keys that were sent change; headers and events are replaced whole."""
    hook.name, hook.url = given.get("name", hook.name), given.get("url", hook.url)
    hook.events, hook.method = given.get("events", hook.events), given.get("method", hook.method)
    hook.headers, hook.sensitive = given.get("headers", hook.headers), given.get("sensitiveHeaders", hook.sensitive)
    hook.active = given.get("isActive", hook.active)


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    for key in ("name", "url"):
        if key in given and (not isinstance(given[key], str) or not given[key]):
            raise bad_request(f"{key} must be a text", parameter=key)
    if "url" in given and urlsplit(given["url"]).scheme not in ("http", "https"):
        raise bad_request("url must be an http or https address", parameter="url")
    if "events" in given and not (
        isinstance(given["events"], list) and given["events"] and all(event in EVENTS for event in given["events"])
    ):
        raise bad_request(f"events must be some of {', '.join(EVENTS)}", parameter="events")
    headers = given.get("headers", {})
    if not isinstance(headers, dict) or not all(_is_header(name, text) for name, text in headers.items()):
        raise bad_request("headers must be an object of texts", parameter="headers")
    if not isinstance(given.get("sensitiveHeaders", []), list):
        raise bad_request("sensitiveHeaders must be an array", parameter="sensitiveHeaders")
    if not isinstance(given.get("isActive", True), bool):
        raise bad_request("isActive must be true or false", parameter="isActive")
    if given.get("method", "POST") not in METHODS:
        raise bad_request(f"method must be one of {', '.join(METHODS)}", parameter="method")
    return given


def _is_header(name: str, text: Any) -> bool:
    return isinstance(text, str) and name.isascii() and text.isascii() and (name + text).isprintable()


def _page(request: Request, rows: list[dict[str, Any]]) -> Reply:
    limit = whole_number("limit", request.query, LIMIT_DEFAULT, 1, LIMIT_MOST)
    offset = whole_number("offset", request.query, 0, 0, None)
    pages = -(-len(rows) // limit)
    metadata = {"totalCount": len(rows), "totalPages": pages, "currentPage": offset // limit + 1}
    return ok({"data": rows[offset : offset + limit], "metadata": metadata})
