"""Error pages: what, why, what to do, and a request id to quote. They need no database and no user.

PermissionDenied
    Refused         with a sentence for the reader, and whom to ask
"""

import sys
from collections.abc import Sequence
from typing import Any

import psycopg
import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

logger = structlog.get_logger(__name__)

#: The database usually answers again within seconds; a browser or a proxy may then come back by itself.
RETRY_AFTER_SECONDS = 10
#: The windows of allauth's own limits last a minute.
WAIT_SECONDS = 60


class Refused(PermissionDenied):
    """The reader may not do this; `sentence` says what and `ask` names those who can change it (may be empty)."""

    def __init__(self, sentence: str, ask: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.ask = tuple(ask)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the address or the form could not be read."""
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the sentence and the names of a `Refused`."""
    if isinstance(exception, Refused):
        return error_page(request, 403, sentence=exception.sentence, ask=exception.ask)
    return error_page(request, 403)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its CSRF token: opened before a sign-in, or cookies are refused."""
    return error_page(
        request,
        403,
        sentence=_(
            "This form can no longer be used. Go back, reload the page, and send it again; cookies must be allowed."
        ),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, the same for what does not exist and for what the reader may not know of."""
    return error_page(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    """429 with Retry-After: more requests of a kind than one address may send (sign-in, password change)."""
    response = error_page(request, 429, sentence=_("Too many requests. Wait a minute, then try again."))
    response["Retry-After"] = str(WAIT_SECONDS)
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """500; or 503 with Retry-After while the database does not answer."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return unavailable(request, too_slow=isinstance(error.__cause__, psycopg.errors.QueryCanceled))
    return error_page(request, 500)


def unavailable(request: HttpRequest, *, too_slow: bool = False) -> HttpResponse:
    """503 with Retry-After; `too_slow` when the database was there, but the question took longer than a page may."""
    sentence = (
        _("This took longer than a page may take. Narrow the filter and try again.")
        if too_slow
        else _("The database does not answer. Nothing is lost; try again in a moment.")
    )
    response = error_page(request, 503, sentence=sentence)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def error_page(
    request: HttpRequest, status: int, *, template: str = "", sentence: str = "", ask: Sequence[str] = ()
) -> HttpResponse:
    """`<status>.html` (or `template`) with `status`, `request_id`, `sentence`, `ask`, `language`; else plain words.

    Rendered without the request, so that no context processor asks the database or the session.
    """
    context: dict[str, Any] = {
        "status": status,
        "request_id": getattr(request, "request_id", ""),
        "sentence": sentence,
        "ask": list(ask),
        "language": get_language() or "en",
    }
    try:
        body = render_to_string(template or f"{status}.html", context)
    except Exception:
        # The outermost door: whatever is wrong with the template, the reader still gets an answer.
        logger.exception("error_page_failed", status=status)
        body = format_html(
            "<!doctype html><title>{status}</title><h1>{status}</h1><p>{sentence}</p><p>{request_id}</p>", **context
        )
    return HttpResponse(body, status=status)
