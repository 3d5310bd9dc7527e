"""A request as the routes see it, and what they answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telareview.sandbox.errors import Refusal, bad_request
from telareview.sandbox.query import Parameters
from telareview.sandbox.wire import dumps, loads

JSON = "application/json; charset=utf-8"


@dataclass(slots=True)
class Request:
    """`path` is percent-decoded, header names are lower case."""

    method: str
    path: str
    query: Parameters
    headers: dict[str, str]
    body: bytes = b""
    #: How this request is to go wrong.
    fault: str | None = None
    #: Status it was answered with; 0 while it is not, and when the connection was broken on purpose.
    status: int = 0

    def json(self) -> Any:
        """Raises Refusal (400)."""
        try:
            return loads(self.body)
        except (ValueError, RecursionError) as error:
            raise bad_request("The body is not valid JSON") from error

    def json_object(self) -> dict[str, Any]:
        """Raises Refusal (400)."""
        body = self.json()
        if not isinstance(body, dict):
            raise bad_request("The body must be a JSON object")
        return body


@dataclass(slots=True)
class Reply:
    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


#: Path pattern → method → handler, which gets the request and the ids in the path.
type Routes = dict[str, dict[str, Callable[..., Reply]]]


def ok(value: Any, status: int = 200) -> Reply:
    return Reply(status, dumps(value))


def refused(refusal: Refusal) -> Reply:
    return Reply(refusal.status, refusal.body(), headers=refusal.headers)
