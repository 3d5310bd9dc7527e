"""Who may ask, and which address answers what."""

import hmac
from collections.abc import Callable

from telareview.sandbox.errors import Refusal, bad_request, not_found
from telareview.sandbox.exchange import Reply, Request, Routes, refused
from telareview.sandbox.wire import is_uuid


class Api:
    """All routes, behind one API key, but for the few of `without_key`."""

    def __init__(self, key: str, *tables: Routes, without_key: Routes) -> None:
        self._key = key.encode()
        self._open = [pattern.split("/") for pattern in without_key]
        tables += (without_key,)
        self._routes = [(pattern.split("/"), methods) for table in tables for pattern, methods in table.items()]

    def answer(self, request: Request) -> Reply:
        try:
            self._authenticate(request)
            handler, ids = self._find(request)
            return handler(request, *ids)
        except Refusal as refusal:
            return refused(refusal)

    def _authenticate(self, request: Request) -> None:
        parts = request.path.strip("/").split("/")
        if any(_ids_in(parts, pattern) is not None for pattern in self._open):
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._key):
            asks = {"WWW-Authenticate": "Bearer"}
            raise Refusal(401, "UNAUTHORIZED", "Missing or invalid API key", headers=asks)

    def _find(self, request: Request) -> tuple[Callable[..., Reply], list[str]]:
        parts = request.path.strip("/").split("/")
        method = "GET" if request.method == "HEAD" else request.method
        for pattern, handlers in self._routes:
            ids = _ids_in(parts, pattern)
            if ids is None:
                continue
            if method not in handlers:
                allowed = {"Allow": ", ".join(sorted(handlers))}
                raise Refusal(405, "METHOD_NOT_ALLOWED", f"{method} is not allowed here", headers=allowed)
            if not all(map(is_uuid, ids)):
                raise bad_request("id must be a UUID")
            return handlers[method], [found.lower() for found in ids]
        raise not_found(f"Route {method} {request.path}")


def _ids_in(parts: list[str], pattern: list[str]) -> list[str] | None:
    """The ids of a path that fits the pattern."""
    if len(pattern) != len(parts):
        return None
    if any(want not in (part, "{id}") for want, part in zip(pattern, parts, strict=True)):
        return None
    return [part for want, part in zip(pattern, parts, strict=True) if want == "{id}"]
