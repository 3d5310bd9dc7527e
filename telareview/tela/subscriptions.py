"""An app's webhook subscriptions in Tela: list, make, change, try out and remove them.

Functions over the client's own `request`: reading is always allowed, everything else only for a client that may write,
and then it is sent once and never repeated. All raise TelaError (`errors.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID

from telareview.tela.errors import TelaError, UnreadableReply, presentable
from telareview.tela.fields import kind_of
from telareview.tela.secret import Secret

#: What Tela tells of a task. The last word is not documented: other spellings are accepted when a call arrives.
EVENTS = ("task.completed", "task.failed", "task.approved", "task.approvalRevoked")
#: Subscriptions asked for in one call, and calls at most: nobody has more for one app.
PAGE_SIZE, MAX_PAGES = 100, 10
#: Where the subscriptions may be when the reply is an object.
ROW_KEYS = ("data", "webhooks", "items", "results")

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Requests(Protocol):
    """What of `TelaClient` is needed here."""

    def request(self, verb: str, path: str, *, parameters: Sequence[tuple[str, str]] = (), body: Any = None) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One permanent subscription of an app, as Tela shows it. Values of headers are left out: some are secrets."""

    id: str
    #: "" when not told.
    name: str
    #: Where Tela calls; "" when not told.
    url: str
    events: tuple[str, ...]
    #: Names as Tela spells them, in its order.
    header_names: tuple[str, ...]
    #: Paused when False.
    is_active: bool

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Raises UnreadableReply for what has no usable id; whatever else is missing is left empty."""
        if not isinstance(raw, dict):
            raise UnreadableReply(f"A subscription is {kind_of(raw)}, not an object.")
        identity = raw.get("id")
        if not isinstance(identity, str) or not _ID.fullmatch(identity):
            raise UnreadableReply("A subscription has no readable id.")
        events, headers = raw.get("events"), raw.get("headers")
        return cls(
            id=identity,
            name=presentable(_text(raw.get("name"))),
            url=presentable(_text(raw.get("url")), limit=2000),
            events=tuple(presentable(_text(event)) for event in events) if isinstance(events, list) else (),
            header_names=tuple(presentable(name) for name in headers) if isinstance(headers, dict) else (),
            is_active=raw.get("isActive") is not False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a sample that Tela sent."""

    success: bool
    #: With which status the address answered; None when it did not.
    status_code: int | None
    #: Tela's word on it; "" when it said nothing.
    detail: str


def list_subscriptions(client: Requests, app_id: UUID) -> tuple[Subscription, ...]:
    """Every subscription of the app, newest first, each once."""
    found: dict[str, Subscription] = {}
    for page in range(MAX_PAGES):
        parameters = [("limit", str(PAGE_SIZE)), ("offset", str(page * PAGE_SIZE))]
        rows = _rows(client.request("GET", _of_app(app_id), parameters=parameters))
        fresh = {row.id: row for row in map(Subscription.from_json, rows) if row.id not in found}
        found.update(fresh)
        # A server that does not know the offset sends the same page again.
        if len(rows) < PAGE_SIZE or not fresh:
            break
    return tuple(found.values())


def get_subscription(client: Requests, subscription_id: str) -> Subscription:
    """Raises NotFound for one that was removed."""
    return _one(client.request("GET", _path(subscription_id)))


def create_subscription(
    client: Requests, app_id: UUID, *, name: str, url: str, events: Sequence[str], headers: Mapping[str, Secret]
) -> Subscription | None:
    """A new subscription, active at once; None when Tela made it but did not show it.

    The values of `headers` are sent with every call, and Tela masks them wherever it shows the subscription.
    """
    body = {"name": name, "url": url, "events": list(events), **_secret_headers(headers)}
    with _unspoken(headers):
        reply = client.request("POST", _of_app(app_id), body=body)
    try:
        return _one(reply)
    except UnreadableReply:
        return None


def pause_subscription(client: Requests, subscription_id: str, *, active: bool) -> None:
    """Stop the calls, or with `active` let them come again."""
    client.request("PATCH", _path(subscription_id), body={"isActive": active})


def renew_headers(client: Requests, subscription_id: str, headers: Mapping[str, Secret]) -> None:
    """Replace all headers of the subscription: Tela keeps none of those it had before."""
    with _unspoken(headers):
        client.request("PATCH", _path(subscription_id), body=_secret_headers(headers))


def remove_subscription(client: Requests, subscription_id: str) -> None:
    """Remove it for good. Raises NotFound when it is gone already."""
    client.request("DELETE", _path(subscription_id))


def try_subscription(client: Requests, subscription_id: str, event: str) -> Trial:
    """Let Tela send a sample of `event` now. Its own answer is always 200, so what it says is read."""
    body = {"eventType": event, "mockData": {"task": {"name": "telareview", "reference": 1}}}
    reply = client.request("POST", f"{_path(subscription_id)}/test", body=body)
    if not isinstance(reply, dict):
        raise UnreadableReply(f"The result of the test is {kind_of(reply)}, not an object.")
    status = reply.get("statusCode")
    said = next((reply[key] for key in ("error", "errorMessage", "message") if isinstance(reply.get(key), str)), "")
    return Trial(
        success=reply.get("success") is True,
        status_code=status if type(status) is int and 100 <= status <= 599 else None,
        detail=presentable(said),
    )


def _secret_headers(headers: Mapping[str, Secret]) -> dict[str, Any]:
    return {
        "headers": {name: secret.reveal() for name, secret in headers.items()},
        "sensitiveHeaders": list(headers),
    }


@contextmanager
def _unspoken(headers: Mapping[str, Secret]) -> Iterator[None]:
    """Take the secrets out of an error: a server may repeat what it refuses."""
    try:
        yield
    except TelaError as error:
        for secret in headers.values():
            error.detail = error.detail.replace(secret.reveal(), str(secret))
        error.args = (error.detail,)
        raise


def _one(reply: object) -> Subscription:
    """The subscription in a reply, bare or inside an envelope."""
    inner = reply.get("data") if isinstance(reply, dict) and "id" not in reply else reply
    return Subscription.from_json(inner)


def _rows(reply: object) -> list[Any]:
    if isinstance(reply, list):
        return reply
    if isinstance(reply, dict):
        for key in ROW_KEYS:
            rows = reply.get(key)
            if isinstance(rows, list):
                return rows
    raise UnreadableReply(f"The reply is {kind_of(reply)} without a list of subscriptions.")


def _of_app(app_id: UUID) -> str:
    return f"/prompt-application/{UUID(str(app_id))}/webhooks"


def _path(subscription_id: str) -> str:
    if not _ID.fullmatch(subscription_id):
        raise ValueError("The id of a subscription holds letters, digits, hyphens and underscores only.")
    return f"/webhook/{subscription_id}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
