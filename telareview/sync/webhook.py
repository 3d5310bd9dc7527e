"""A webhook call: whether its sender may call at all, and how the call is kept before it is answered.

Tela does not sign its calls, so a call carries a shared secret, and what it says is news, not truth: of its body only
ids are used. Nothing here asks Tela or touches the mirror.

    WebhookRefused                     nothing was kept                          answer
    ├── NotAdmitted                    no such workspace, no secret, a wrong one    401
    ├── BodyTooLarge                   more than MAX_WEBHOOK_BYTES                  413
    ├── BodyEncoded                    compressed                                   415
    ├── BodyCutShort                   the sender broke off                         400
    └── TooManyWaiting                 MAX_WAITING calls wait for a worker          429
    UnreadableBody (`news.py`)         not a JSON object; kept for a person         400
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from telareview.accounts.encryption import SecretError
from telareview.accounts.models import Workspace
from telareview.sync.models import Delivery
from telareview.sync.news import News, UnreadableBody, digest_id, read_news
from telareview.tasks.facts import holdable
from telareview.tela import Secret

SECRET_HEADER = "X-Telareview-Secret"  # noqa: S105  # nosec B105 - the header's name
BEARER = "bearer "
#: Tela sends the parsed text of a task's files along; a few hundred kB are honest, and we need none of it.
MAX_WEBHOOK_BYTES = 1_000_000
#: Calls of one workspace that are stored and not yet processed. Beyond it nobody works them off, and the pull has the
#: news anyway.
MAX_WAITING = 10_000

INSERT = """
INSERT INTO sync_delivery (workspace_id, received_at, event_id, event, task_id, completion_run_id, body,
                           due_at, attempts, processed_at, outcome, error_code, error)
VALUES (%s, %s, %s, %s, %s, %s,
        -- Nothing personal of an erased task is taken in again.
        CASE WHEN EXISTS (SELECT FROM tasks_task WHERE workspace_id = %s AND task_id = %s AND erasure IS NOT NULL)
        THEN '' ELSE %s END,
        %s, 0, %s, %s, %s, %s)
ON CONFLICT (workspace_id, event_id) DO NOTHING
RETURNING id
"""


class WebhookRefused(Exception):
    """The call was refused; nothing was kept."""

    status: ClassVar[int] = 400

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


class NotAdmitted(WebhookRefused):
    """The call carries no valid secret. Send it as X-Telareview-Secret, or as Authorization: Bearer."""

    # One answer for all reasons: a stranger does not learn which workspaces there are.
    status = 401


class BodyTooLarge(WebhookRefused):
    """The body is longer than 1,000,000 bytes."""

    status = 413


class BodyEncoded(WebhookRefused):
    """The body is compressed. Send it as it is."""

    status = 415


class BodyCutShort(WebhookRefused):
    """The body ended before its announced length."""


class TooManyWaiting(WebhookRefused):
    """Too many calls are waiting to be processed. Send this one again later."""

    status = 429


@dataclass(frozen=True, slots=True)
class Kept:
    """A call that now stands in the database."""

    news: News
    #: False: it was there already.
    is_new: bool


def admitted(slug: str, headers: Mapping[str, str]) -> Workspace:
    """The workspace that the address names, for a sender with its secret. Raises NotAdmitted."""
    workspace = Workspace.objects.filter(slug=slug).first()
    try:
        secrets = workspace.webhook_secrets if workspace else ()
    except SecretError as error:
        raise NotAdmitted from error
    if workspace is None or not carries_secret(headers, secrets):
        raise NotAdmitted
    return workspace


def carries_secret(headers: Mapping[str, str], secrets: Iterable[Secret]) -> bool:
    """Whether a header holds one of the secrets. Takes the same time whichever it is and wherever they differ."""
    authorization = headers.get("Authorization", "")
    bearer = authorization[len(BEARER) :].strip() if authorization[: len(BEARER)].lower() == BEARER else ""
    offered = [_digest(_octets(text)) for text in (headers.get(SECRET_HEADER, ""), bearer)]
    valid = [_digest(secret.reveal().encode()) for secret in secrets if secret]
    return any([hmac.compare_digest(mine, theirs) for mine in valid for theirs in offered])  # noqa: C419 - all of them


def read_body(request: HttpRequest) -> bytes:
    """The body, at most MAX_WEBHOOK_BYTES of it. Raises BodyTooLarge before reading where its length is announced."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise BodyEncoded
    told = request.META.get("CONTENT_LENGTH") or ""
    length = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else None
    if length is not None and length > MAX_WEBHOOK_BYTES:
        raise BodyTooLarge
    # Django reads as much as was announced; a chunked body announces nothing, and its server marks the end.
    marked = request.META.get("wsgi.input_terminated") and request.META.get("HTTP_TRANSFER_ENCODING")
    source = request.META["wsgi.input"] if marked and length is None else request
    try:
        body: bytes = source.read(MAX_WEBHOOK_BYTES + 1)
    except Exception as error:
        # Every server has errors of its own for chunks that it cannot read; gunicorn's are no OSError.
        raise BodyCutShort from error
    if len(body) > MAX_WEBHOOK_BYTES:
        raise BodyTooLarge
    if length is not None and len(body) < length:
        raise BodyCutShort
    return body


def receive(workspace: Workspace, body: bytes) -> Kept:
    """Store a call, in one statement that has committed on return. Raises TooManyWaiting, and UnreadableBody after the
    body was stored with its error. Database errors pass through: nothing was stored then.
    """
    if _waiting(workspace) >= MAX_WAITING:
        raise TooManyWaiting
    try:
        news = read_news(body)
    except UnreadableBody as error:
        news = News(event_id=digest_id(body), event="", task_id=None, completion_run_id=None)
        _insert(workspace, news, _text(body), outcome=Delivery.Outcome.UNREADABLE, error=error)
        raise
    text = _text(body)
    outcome = "" if news.names_something else Delivery.Outcome.NO_TASK
    if _insert(workspace, news, text, outcome=outcome):
        return Kept(news, is_new=True)
    if Delivery.objects.filter(workspace=workspace, event_id=news.event_id, body=text).exists():
        return Kept(news, is_new=False)
    # An id that comes again with other content may be no id of the call at all; asking Tela once more costs less than
    # missing what happened.
    apart = News(
        event_id=f"{news.event_id} {digest_id(body)}",
        event=news.event,
        task_id=news.task_id,
        completion_run_id=news.completion_run_id,
    )
    return Kept(apart, is_new=_insert(workspace, apart, text, outcome=outcome))


def _insert(workspace: Workspace, news: News, text: str, *, outcome: str, error: UnreadableBody | None = None) -> bool:
    """Whether the row is new. With an outcome there is nothing left to process."""
    now = timezone.now()
    code, sentence = (error.code, str(error)) if error else ("", "")
    row: list[Any] = [workspace.pk, now, news.event_id, news.event, news.task_id, news.completion_run_id]
    row += [workspace.pk, news.task_id, text]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [*row, now, now if outcome else None, str(outcome), code, sentence])
        return cursor.fetchone() is not None


def _waiting(workspace: Workspace) -> int:
    """Stored calls not yet processed; counted no further than MAX_WAITING."""
    waiting = Delivery.objects.filter(workspace=workspace, processed_at=None).order_by()
    return waiting[:MAX_WAITING].count()


def _text(body: bytes) -> str:
    """The body as PostgreSQL can hold it, with stand-ins for what it cannot."""
    return holdable(body.decode("utf-8", "replace")) or ""


def _digest(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _octets(text: str) -> bytes:
    """A header's bytes as they came: WSGI hands them over as Latin-1."""
    return text.encode("latin-1", "replace")
