"""How long a session lasts, and in which language and time zone its person reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
from django.contrib.auth import logout
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control

from telareview.accounts.models import DEFAULT_ZONE

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

#: However busy, a session ends a day after its sign-in.
ABSOLUTE_SESSION_SECONDS = 24 * 60 * 60
#: The idle time (SESSION_COOKIE_AGE) is counted anew at most this often, so that reading writes next to nothing.
SEEN_EVERY_SECONDS = 5 * 60
SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"


class SessionMiddleware:
    """Ends sessions that are too old, keeps busy ones open, and keeps signed-in pages out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=request.user.pk)
            now = int(time.time())
            session = request.session
            session.setdefault(SIGNED_IN_AT, now)
            if now - session[SIGNED_IN_AT] >= ABSOLUTE_SESSION_SECONDS:
                logout(request)
            elif now - session.get(SEEN_AT, 0) >= SEEN_EVERY_SECONDS:
                session[SEEN_AT] = now
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response


class ReaderMiddleware:
    """Activates the person's language and time zone; a visitor keeps the browser's language and the default zone.

    Nothing is undone afterwards: a streamed answer is written after the middleware has returned, and the next request
    of the thread begins by setting both again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        zone = DEFAULT_ZONE
        if request.user.is_authenticated:
            zone = request.user.time_zone
            if request.user.language:
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = request.user.language
        timezone.activate(ZoneInfo(zone))
        return self.get_response(request)
