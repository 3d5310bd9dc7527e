"""Addresses that fail in every way a page can."""

import psycopg
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from telareview.urls import handler400, handler403, handler404, handler429, handler500
from telareview.web.errors import Refused, too_many
from telareview.web.htmx import HtmxHttpRequest, render_page_or_part

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]

KEY = "canary-key-4711-do-not-show"


class Broken(Exception):
    pass


FAILURES = {
    "bad-request": BadRequest("unreadable"),
    "suspicious": SuspiciousOperation("odd"),
    "denied": PermissionDenied(),
    "refused": Refused("As Viewer you may not export.", ["admin@acme.example"]),
    "missing": Http404(),
    "broken": Broken(f"Authorization: Bearer {KEY}"),
    "database-gone": OperationalError("connection refused"),
    "connection-closed": InterfaceError("connection already closed"),
    "database-error": DatabaseError("syntax"),
}


def fail(request: HttpRequest, how: str) -> HttpResponse:
    raise FAILURES[how]


def slow(request: HttpRequest) -> HttpResponse:
    raise OperationalError("canceling statement due to statement timeout") from psycopg.errors.QueryCanceled()


def really_slow(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(5)")
    return HttpResponse()


def many(request: HttpRequest) -> HttpResponse:
    return too_many(request)


def page_or_part(request: HtmxHttpRequest) -> HttpResponse:
    return render_page_or_part(request, "page.html", "rows", {"word": "seen"})


urlpatterns = [
    path("fail/slow/", slow),
    path("fail/really-slow/", really_slow),
    path("fail/many/", many),
    path("fail/<slug:how>/", fail),
    path("page/", page_or_part),
    path("", include("telareview.urls")),
]
