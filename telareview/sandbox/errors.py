"""The one error the sandbox answers with, in the shape Tela documents."""

from typing import Any

from telareview.sandbox.wire import dumps


class Refusal(Exception):
    """An answer other than 2xx: `{code, message, status, name: "Error", details?}`."""

    def __init__(
        self, status: int, code: str, message: str, details: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details = status, code, message, details
        self.headers = headers or {}

    def body(self) -> bytes:
        body = {"code": self.code, "message": self.message, "status": self.status, "name": "Error"}
        return dumps(body if self.details is None else {**body, "details": self.details})


def bad_request(message: str, **details: Any) -> Refusal:
    return Refusal(400, "BAD_REQUEST", message, details or None)


def not_found(what: str) -> Refusal:
    return Refusal(404, "NOT_FOUND", f"{what} not found")


def update_failed(message: str) -> Refusal:
    return Refusal(400, "UPDATE_FAILED", message)
