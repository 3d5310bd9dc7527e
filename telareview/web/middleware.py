"""What every answer carries: a request id, the browser's limits; and what every request leaves in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_structlog.middlewares import RequestMiddleware

from telareview.web.client import client_address
from telareview.web.errors import error_page

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

#: Features of a browser that no page of ours needs.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "screen-wake-lock",
        "usb",
        "xr-spatial-tracking",
    )
)
#: Asked every few seconds by machines; a line for each would bury the others.
UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestLogMiddleware(RequestMiddleware):
    """Gives each request an id (`request.request_id`, the log lines, the header X-Request-Id) and logs it.

    The id is made here, never taken from the client. The query string is left out of the log: people's e-mail addresses
    and searched words stand in it.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:  # type: ignore[override]
        response: Any = super().__call__(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response

    def prepare(self, request: HttpRequest) -> None:
        structlog.contextvars.clear_contextvars()
        super().prepare(request)
        request.request_id = structlog.contextvars.get_contextvars()["request_id"]  # type: ignore[attr-defined]

    def handle_response(self, request: HttpRequest, response: Any) -> None:
        if request.path in UNLOGGED and response.status_code < 400:
            structlog.contextvars.clear_contextvars()
            return
        super().handle_response(request, response)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=client_address(request))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class PermissionsPolicyMiddleware:
    """Adds the Permissions-Policy header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response


class BodyLimitMiddleware:
    """Answers 413 to a body over MAX_BODY_BYTES without reading it; Django alone would spool files of any size.

    The few addresses of LARGE_BODY_BYTES have limits of their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        most = settings.LARGE_BODY_BYTES.get(request.path, settings.MAX_BODY_BYTES)
        if not length.isascii() or not length.isdigit() or int(length) > most:
            return error_page(request, 413, template="400.html", sentence=_("What was sent is too long."))
        return self.get_response(request)
