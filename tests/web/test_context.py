from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from telareview import __version__
from telareview.accounts.models import Membership, Person, Workspace
from telareview.web import context


@pytest.fixture(autouse=True)
def _every_page_exists(monkeypatch):
    monkeypatch.setattr(context, "_exists", lambda address: True)


def request(role: str = "", path: str = "/tasks/", **person):
    made: Any = RequestFactory().get(path)
    made.user = AnonymousUser()
    if role:
        made.user = Person(email="ana@acme.example", **person)
        made.workspace = Workspace(slug="acme", name="Acme")
        made.membership = Membership(person=made.user, workspace=made.workspace, role=role)
        made.memberships = [made.membership]
    return made


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("", []),
        ("viewer", ["tasks", "history", "insights", "sync"]),
        ("auditor", ["tasks", "history", "insights", "exports", "sync"]),
        ("admin", ["tasks", "history", "insights", "exports", "sync", "administration"]),
    ],
)
def test_the_navigation_holds_what_the_role_may_see(role, names):
    assert [entry["name"] for entry in context.page(request(role))["navigation"]] == names


def test_a_page_that_is_not_there_is_not_offered(monkeypatch):
    monkeypatch.setattr(context, "_exists", lambda address: address == "/tasks/")

    assert [entry["name"] for entry in context.page(request("admin"))["navigation"]] == ["tasks"]


def test_the_entry_one_is_under_is_marked():
    entries = context.page(request("viewer", "/history/2026/"))["navigation"]

    assert [entry["name"] for entry in entries if entry["current"]] == ["history"]


def test_pages_look_as_the_person_prefers_and_else_as_the_device():
    mine = context.page(request("viewer", theme="dark", density="compact", shortcuts=False, page_size=100))
    visitors = context.page(request())

    assert mine["preferences"] == context.Preferences(theme="dark", density="compact", shortcuts=False, page_size=100)
    assert visitors["preferences"] == context.Preferences()
    assert (mine["workspace"].slug, visitors["workspace"]) == ("acme", None)
    assert mine["product_version"] == __version__


def test_it_asks_the_database_nothing_and_stands_a_bare_request():
    assert context.page(RequestFactory().get("/"))["navigation"] == []  # no database is allowed in this test
    assert context.page(cast("HttpRequest", SimpleNamespace(path="/")))["memberships"] == []
