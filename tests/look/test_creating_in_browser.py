"""The pages about new tasks at a real browser: both themes, both languages, narrow and wide, nothing out of reach."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, expect
from pytest_django.live_server_helper import LiveServer

from telareview.accounts.models import Workspace
from telareview.review.models import Batch, BatchRow
from telareview.review.sending import send_batch
from telareview.sandbox import SandboxServer
from telareview.sandbox.apps import CLAIMS, CONTRACTS, INVOICES
from telareview.sync.connection import writing_client
from telareview.tasks.models import AppName
from tests.accounts.cast import make_person, make_workspace
from tests.look.reader import Reader
from tests.review.batches import make_batch
from tests.sync.tela import connect
from tests.tasks.records import mirrored, task_json

pytestmark = pytest.mark.django_db(transaction=True)

Arrive = Callable[..., Reader]
PDF = b"%PDF-1.7\n...\n%%EOF\n"
NAME = "notas fiscais de novembro.csv"
TABLE = (
    "name,tags,document\n"
    + "".join(f"nota-fiscal-{n:04}.pdf,lote,https://files.example/{n}.pdf\n" for n in range(40))
    + "sem documento,,\n=1+1,,https://files.example/x.pdf\n,,notas/41.pdf\n"
)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(tasks=20, calm=True, run_seconds=0.02) as server:
        yield server


@pytest.fixture
def workspace(transactional_db: None, settings: Any, sandbox: SandboxServer) -> Workspace:
    settings.TELA_ALLOW_WRITES = True
    workspace = make_workspace("acme")
    workspace.allow_writes = True
    apps = (INVOICES, CONTRACTS, CLAIMS)
    known = [
        task_json(900 + number, promptApplicationId=app.id, promptVersionId=app.versions[-1].id)
        for number, app in enumerate(apps)
    ]
    mirrored(workspace, *known)
    for app in apps:
        AppName.objects.create(workspace=workspace, application_id=app.id, name=app.title)
    return connect(workspace, sandbox)


@pytest.fixture
def arrive(browser: Browser, live_server: LiveServer, workspace: Workspace) -> Iterator[Arrive]:
    readers: list[Reader] = []

    def make(**device: Any) -> Reader:
        readers.append(Reader(browser, live_server.url, workspace, **device))
        return readers[-1]

    yield make
    for reader in readers:
        reader.context.close()


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def walk(reader: Reader, workspace: Workspace, sandbox: SandboxServer, look: Callable[[str], None]) -> None:
    """Every page about new tasks in every state, in the reader's language."""
    page = reader.opens("/tasks/new/")
    look("apps")
    reader.opens("/tasks/new/?app=nonsense")
    look("no app")
    reader.opens(f"/tasks/new/?app={CLAIMS.id}")
    look("form")
    page.set_input_files("[name=f2]", [file("a.pdf", PDF), file("b.pdf", b"x")])
    page.fill("[name=v0]", "nowhere")
    page.click("main form .primary")
    expect(page.locator(".errorlist").first).to_be_visible()
    look("mistakes")
    reader.opens("/tasks/new/?app=11111111-1111-4111-8111-111111111111")
    look("untold")
    reader.opens("/tasks/new/many/")
    look("many apps")
    reader.opens(f"/tasks/new/many/?app={CONTRACTS.id}")
    look("many")
    page.set_input_files("[name=files]", file("a.pdf", PDF))
    page.click("main form:has([name=files]) .primary")
    expect(page.locator(".errorlist").first).to_be_visible()
    look("many mistakes")
    reader.opens(f"/tasks/new/many/?app={INVOICES.id}")
    page.set_input_files("[name=table]", file(NAME, b"x\n1\n"))
    page.click("main form:has([name=table]) .primary")
    expect(page.locator("[role=alert]")).to_be_visible()
    look("refused")
    page.set_input_files("[name=table]", file(NAME, TABLE.encode()))
    page.click("main form:has([name=table]) .primary")
    expect(page.locator("#batch")).to_be_visible()
    look("draft")
    batch = Batch.objects.get()
    batch.rows.filter(number__lt=10).update(state=BatchRow.State.LOST)
    Batch.objects.update(state=Batch.State.RUNNING)
    page.reload()
    look("running")
    batch.rows.filter(number__lt=10).update(state=BatchRow.State.WAITING)
    person = make_person("operator", workspace, "olga@acme.example")
    with writing_client(workspace) as client:
        send_batch(batch, client, person, sleep=lambda seconds: None)
    reader.opens(f"/tasks/new/many/{batch.pk}/")
    look("ended")
    unclear = make_batch(workspace, person, 1, way=Batch.Way.COMPLETION)
    sandbox.faults.once("500", path="/v2")
    with writing_client(workspace) as client:
        send_batch(unclear, client, person, sleep=lambda seconds: None)
    reader.opens(f"/tasks/new/many/{unclear.pk}/")
    look("unclear")
    reader.opens(f"/tasks/new/many/{unclear.pk}/1/again/")
    look("again")
    reader.opens("/tasks/new/many/")
    look("batches")


@pytest.mark.parametrize(("width", "least_target", "scheme"), [(1360, 24, "light"), (320, 44, "dark")])
def test_the_pages_of_creating_are_accessible_fit_and_can_be_pressed(
    arrive: Arrive, workspace: Workspace, sandbox: SandboxServer, width: int, least_target: int, scheme: str
) -> None:
    reader = arrive(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    found: dict[str, object] = {}

    def look(name: str) -> None:
        found[name] = (reader.faults(), reader.too_wide_by(), reader.small_targets(least_target))

    walk(reader, workspace, sandbox, look)

    assert {name: faults for name, faults in found.items() if faults != ([], 0, [])} == {}
