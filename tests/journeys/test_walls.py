"""One workspace never sees another: every address of the product, as page, part and file, for each who may not."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from telareview.accounts.models import Workspace
from telareview.exports.models import ExportRecord
from telareview.sync.models import Delivery, QuarantinedRow, SyncRun
from telareview.tasks.detail import TABS
from telareview.tasks.models import AppName
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.tasks.records import INVOICES, NOON, approved, mirrored, task_id, task_json

pytestmark = pytest.mark.django_db

#: Stands in everything that belongs to the workspace acme, and nowhere else.
CANARY = "canary-4711"
#: Open to everybody, and tell nothing of a workspace.
PUBLIC = ("healthz", "readyz", "metrics", "favicon.ico", "accounts/", "webhooks/tela/")
#: Django's own administration has tests of its own.
ELSEWHERE = ("admin/",)
QUERIES = ("", f"?gone=include&ids={task_id(1)}", "?asOf=2026-04-01")
HEADERS: tuple[dict[str, str], ...] = ({}, {"HX-Request": "true"})


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every route with the converters of its parameters."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern) and not route.startswith(ELSEWHERE):
            yield route, entry.pattern.converters


def addresses() -> list[str]:
    """Every route filled with things of acme. A parameter that is new here has to be taught."""
    values = {
        "task_id": [str(task_id(1))],
        "tab": list(TABS),
        "number": ["1", "2"],
        "line": ["1"],
        "slug": ["acme"],
        "subscription_id": ["subscription"],
        "key": ["key"],
        "uidb36": ["1"],
    }
    found = []
    for route, converters in routes():
        filled = [route]
        for name, converter in converters.items():
            spelled = [part for part in (f"<{name}>", *(f"<{kind}:{name}>" for kind in KINDS)) if part in route]
            assert name in values, f"{route} has a parameter {name} ({converter}) that this test does not know"
            assert spelled, route
            filled = [each.replace(spelled[0], value) for each in filled for value in values[name]]
        found += [f"/{each}" for each in filled]
    return found


KINDS = ("uuid", "slug", "int", "str", "path")
EVERY = addresses()
PRIVATE = [address for address in EVERY if not address.removeprefix("/").startswith(PUBLIC)]
OF_A_TASK = [address for address in PRIVATE if str(task_id(1)) in address]


@pytest.fixture(autouse=True)
def _writing_is_on(settings, acme, elsewhere):
    """Or its doors would refuse everybody alike, and prove nothing."""
    settings.TELA_ALLOW_WRITES = True
    Workspace.objects.update(allow_writes=True)


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def elsewhere(db):
    return make_workspace("elsewhere")


@pytest.fixture
def outsider(elsewhere):
    return signed_in(make_person("admin", elsewhere, "outsider@elsewhere.example"))


@pytest.fixture(autouse=True)
def full(acme):
    """A workspace in which everything there can be carries the canary."""
    output = {"role": "assistant", "content": {"cliente": CANARY}}
    mirrored(
        acme,
        approved(1, CANARY, by=f"{CANARY}@acme.example", name=CANARY, tags=[CANARY], outputContent=output),
        task_json(2, name=CANARY, status=CANARY, createdBy=CANARY),
    )
    mirrored(acme, task_json(1, name=f"{CANARY} again", updatedAt="2026-03-02T12:00:00.000Z"))
    AppName.objects.create(workspace=acme, application_id=INVOICES, name=CANARY)
    SyncRun.objects.create(
        workspace=acme, kind="pull", started_at=NOON, ended_at=NOON, outcome="incomplete", error=CANARY
    )
    QuarantinedRow.objects.create(
        workspace=acme, reason=CANARY, raw_json=CANARY, digest=b"1", first_seen_at=NOON, last_seen_at=NOON
    )
    Delivery.objects.create(pk=1, workspace=acme, received_at=NOON, event_id=CANARY, event=CANARY, body=CANARY)
    ExportRecord.objects.create(
        workspace=acme, person_email=CANARY, started_at=NOON, query=CANARY, profile="machine", error=CANARY
    )
    return acme


@pytest.fixture
def two_hats(acme, elsewhere):
    """An administrator of both, who is at work in the other one."""
    person = make_person("admin", acme, "two@hats.example")
    elsewhere.memberships.create(person=person, role="admin")
    client = signed_in(person)
    client.post("/accounts/workspace/", {"workspace": "elsewhere"})
    return client


def body_of(response: Any) -> str:
    """A packed file is unpacked first, so that nothing hides in it."""
    body = response.getvalue() if response.streaming else response.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    return str(body.decode())


def asked(client: Client, address: str) -> Iterator[tuple[Any, str]]:
    """The answers to reading the address in every way, and to posting to it."""
    for headers in HEADERS:
        for query in QUERIES:
            response = client.get(address + query, headers=headers)
            yield response, body_of(response)
        response = client.post(address, headers=headers)
        yield response, body_of(response)


@pytest.mark.parametrize(
    ("who", "address"), [*(("outsider", address) for address in EVERY), *(("two_hats", address) for address in PRIVATE)]
)
def test_whoever_is_elsewhere_sees_nothing_of_it(request, who, address):
    client = request.getfixturevalue(who)

    for response, body in asked(client, address):
        assert response.status_code < 500
        assert CANARY not in body
        assert CANARY not in str(response.headers)


@pytest.mark.parametrize("address", OF_A_TASK)
def test_a_task_of_another_workspace_is_simply_not_there(outsider, two_hats, address):
    for client in (outsider, two_hats):
        for headers in HEADERS:
            reading = client.get(address, headers=headers)
            assert reading.status_code == 404 or (
                reading.status_code == 405 and client.post(address).status_code == 404
            )


@pytest.mark.parametrize("address", PRIVATE)
def test_who_is_not_signed_in_is_sent_to_sign_in(address):
    visitor = Client()

    for response, body in asked(visitor, address):
        told = response.headers.get("Location", response.headers.get("HX-Redirect", ""))
        assert (response.status_code == 405 and not body) or told.startswith("/accounts/login/")
        assert CANARY not in body


@pytest.mark.parametrize("address", [address for address in EVERY if address not in PRIVATE])
def test_what_is_open_to_all_tells_nothing_of_a_workspace(address):
    for response, body in asked(Client(), address):
        assert response.status_code < 500
        assert CANARY not in body


def test_the_canary_sings_for_those_who_may_see_it(acme):
    """Otherwise the tests above would prove nothing."""
    client = signed_in(make_person("admin", acme))

    seen = {address for address in PRIVATE for _response, body in asked(client, address) if CANARY in body}

    assert seen >= {"/tasks/", "/tasks.csv", "/tasks/live/", "/exports/", "/sync/", *OF_A_TASK} - {
        f"/tasks/{task_id(1)}/refresh/",
        f"/tasks/{task_id(1)}/tela-versions/",
        # Says only whether the task has moved on.
        f"/tasks/{task_id(1)}/following/",
        # Answers to a draft only.
        f"/tasks/{task_id(1)}/review/preview/",
    }


def test_a_person_whose_membership_ends_sees_nothing_more(acme):
    person = make_person("viewer", acme)
    client = signed_in(person)
    assert CANARY in body_of(client.get("/tasks/"))

    person.memberships.all().delete()

    assert client.get("/tasks/").status_code == 403
    assert CANARY not in body_of(client.get("/tasks/"))


def test_the_same_task_in_two_workspaces_has_two_histories(acme, outsider, elsewhere):
    mirrored(elsewhere, task_json(1, name="Theirs.pdf"), at=NOON + dt.timedelta(days=3))

    for address in OF_A_TASK:
        for _response, body in asked(outsider, address):
            assert CANARY not in body
    assert outsider.get(f"/tasks/{task_id(1)}/versions/2/").status_code == 404


def test_a_third_workspace_does_not_change_that(outsider):
    make_workspace("third")

    assert CANARY not in body_of(outsider.get("/tasks/?gone=include"))
