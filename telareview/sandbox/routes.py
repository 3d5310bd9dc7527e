"""Which address answers what."""

import hmac
from collections.abc import Callable

from telareview.sandbox.errors import Refusal, bad_request, not_found
from telareview.sandbox.exchange import Reply, Request, ok, refused
from telareview.sandbox.listing import select
from telareview.sandbox.people import KEY_EMAIL, WORKSPACE_ID
from telareview.sandbox.query import list_request
from telareview.sandbox.wire import dumps, is_uuid
from telareview.sandbox.world import World

ENVELOPES = ("bare", "data")
PAYLOADS = ("full", "light")

type Handler = Callable[..., Reply]


class Api:
    """The routes over one world, behind one API key."""

    def __init__(self, world: World, key: str, *, envelope: str = "bare", list_payload: str = "full") -> None:
        if envelope not in ENVELOPES or list_payload not in PAYLOADS:
            raise ValueError(f"envelope is one of {ENVELOPES}, list_payload one of {PAYLOADS}")
        self.world, self.key, self.envelope, self.list_payload = world, key, envelope, list_payload
        self._routes: list[tuple[tuple[str, ...], dict[str, Handler]]] = [
            (("task",), {"GET": self.list_tasks}),
            (("task", "{id}"), {"GET": self.get_task}),
            (("task", "{id}", "versions"), {"GET": self.get_versions}),
            (("api-key",), {"GET": self.get_api_key}),
        ]

    def answer(self, request: Request, fault: str | None = None) -> Reply:
        try:
            self._authenticate(request)
            handler, ids = self._find(request)
            if handler == self.list_tasks:
                return self.list_tasks(request, fault)
            return handler(request, *ids)
        except Refusal as refusal:
            return refused(refusal)

    def is_list(self, request: Request) -> bool:
        return request.method in ("GET", "HEAD") and request.path.rstrip("/") == "/task"

    def _authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self.key.encode()):
            raise Refusal(
                401,
                "UNAUTHORIZED",
                "Missing or invalid API key",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _find(self, request: Request) -> tuple[Handler, list[str]]:
        parts = request.path.strip("/").split("/")
        for pattern, handlers in self._routes:
            ids = _matched(pattern, parts)
            if ids is None:
                continue
            method = "GET" if request.method == "HEAD" else request.method
            if method not in handlers:
                allowed = ", ".join(sorted(handlers))
                raise Refusal(
                    405, "METHOD_NOT_ALLOWED", f"{request.method} is not allowed here", headers={"Allow": allowed}
                )
            if not all(map(is_uuid, ids)):
                raise bad_request("id must be a UUID")
            return handlers[method], [task_id.lower() for task_id in ids]
        raise not_found(f"Route {request.method} {request.path}")

    # Tasks

    def list_tasks(self, request: Request, fault: str | None = None) -> Reply:
        wanted = list_request(request.query)
        envelope = request.headers.get("x-sandbox-envelope", self.envelope)
        if envelope not in ENVELOPES:
            raise bad_request(f"x-sandbox-envelope is one of {', '.join(ENVELOPES)}")
        light = wanted.light or self.list_payload == "light"
        with self.world.lock:
            cards, total = select(self.world, wanted, counted=envelope == "data")
            rows = [self.world.bodies.of(card, light=light) for card in cards]
        if fault == "empty":
            rows, total = [], 0
        elif fault == "duplicates" and rows:
            rows = (rows[:1] + rows[: len(rows) // 2 + 1] + rows)[: wanted.limit]
        listed = b"[" + b",".join(rows) + b"]"
        if envelope == "bare":
            return Reply(200, listed)
        total = total or 0
        metadata = {
            "totalCount": total,
            "totalPages": -(-total // wanted.limit),
            "currentPage": wanted.offset // wanted.limit + 1,
        }
        return Reply(200, b'{"data":' + listed + b',"metadata":' + dumps(metadata) + b"}")

    def get_task(self, request: Request, task_id: str) -> Reply:
        with self.world.lock:
            card = self.world.card(task_id)
            body = self.world.bodies.of(card, light=False)
            if request.query.get("includeAnalytics") == ["true"]:
                body = body[:-1] + b',"analytics":' + dumps(self.world.analytics(card)) + b"}"
        return Reply(200, body)

    def get_versions(self, request: Request, task_id: str) -> Reply:
        return ok(self.world.versions(task_id))

    # The key

    def get_api_key(self, request: Request) -> Reply:
        return ok(
            {
                "id": "0b8f1c2d-3e4a-4b5c-8d6e-7f8091a2b3c4",
                "name": "Sandbox key",
                "email": KEY_EMAIL,
                "workspaceId": WORKSPACE_ID,
                "role": "member",
            }
        )


def _matched(pattern: tuple[str, ...], parts: list[str]) -> list[str] | None:
    """The ids of a path that fits the pattern."""
    if len(pattern) != len(parts):
        return None
    if any(want not in (part, "{id}") for want, part in zip(pattern, parts, strict=True)):
        return None
    return [part for want, part in zip(pattern, parts, strict=True) if want == "{id}"]
