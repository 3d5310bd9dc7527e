"""The review page at a real browser: keys, the live preview, both themes, narrow and wide, and nothing out of reach."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from telareview.accounts.models import Workspace
from telareview.sandbox import SandboxServer
from telareview.tasks.models import Task
from tests.accounts.cast import make_workspace
from tests.look.reader import Reader
from tests.review.waiting import in_tela, waiting
from tests.sync.tela import connect

pytestmark = pytest.mark.django_db(transaction=True)

Arrive = Callable[..., Reader]
OUTPUT = {
    "numero": "000123",
    "emitente": {"razao_social": "Acme Brasil Ltda.", "cnpj": "12.345.678/0001-90"},
    "itens": [{"descricao": "Toner preto", "quantidade": 2}, {"descricao": "Frete", "quantidade": 1}],
    "observacoes": None,
    "pago": False,
}
LIST = "orderBy=createdAt&order=asc"


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(tasks=20, calm=True) as server:
        yield server


@pytest.fixture
def workspace(transactional_db: None, settings: Any, sandbox: SandboxServer) -> Workspace:
    settings.TELA_ALLOW_WRITES = True
    workspace = make_workspace("acme")
    workspace.allow_writes = True
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


def complaints(reader: Reader) -> list[str]:
    """Without those of a preview that was still being asked for when the reader went on."""
    return [each for each in reader.complaints if not each.startswith(("htmx:afterRequest", "htmx:sendAbort"))]


def test_a_queue_is_reviewed_by_keyboard_alone(arrive: Arrive, workspace: Workspace, sandbox: SandboxServer) -> None:
    first, second, third = waiting(workspace, sandbox, OUTPUT, OUTPUT, OUTPUT)
    reader = arrive()
    page = reader.opens(f"/tasks/review/next/?{LIST}")

    expect(page.locator(".crumb")).to_contain_text("1 of 3")
    page.keyboard.press("a")
    expect(page.locator(".crumb")).to_contain_text("2 of 3")
    page.keyboard.press("s")
    expect(page.locator(".crumb")).to_contain_text("3 of 3")
    page.get_by_role("textbox", name="Cnpj", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("rast")
    expect(page.locator("#preview ins").first).to_be_visible()
    assert page.locator("h1").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="The end of this queue")).to_be_visible()

    assert [in_tela(sandbox, each.id).status for each in (first, second, third)] == [
        "completed",
        "validating",
        "completed",
    ]
    assert in_tela(sandbox, third.id).output_content["content"]["emitente"]["cnpj"] == "rast"
    assert complaints(reader) == []


def test_items_come_and_go_in_place_and_what_is_typed_stays(
    arrive: Arrive, workspace: Workspace, sandbox: SandboxServer
) -> None:
    (seen,) = waiting(workspace, sandbox, {"cliente": "Acme", "linhas": [{"texto": "um"}]})
    reader = arrive()
    page = reader.opens(f"/tasks/{seen.id}/review/")

    page.get_by_role("textbox", name="cliente", exact=True).fill("Typed")
    page.click("button:has-text('Add an item')")
    expect(page.get_by_role("textbox", name="texto", exact=True)).to_have_count(2)
    page.get_by_role("textbox", name="texto", exact=True).nth(1).fill("dois")
    page.get_by_role("button", name="Remove linhas[0]").click()
    expect(page.get_by_role("textbox", name="texto", exact=True)).to_have_count(1)

    expect(page.get_by_role("textbox", name="texto", exact=True)).to_have_value("dois")
    expect(page.get_by_role("textbox", name="cliente", exact=True)).to_have_value("Typed")
    page.click("button:has-text('Save edits')")
    expect(page.locator(".toast")).to_contain_text("Saved in Tela")
    assert in_tela(sandbox, seen.id).output_content["content"] == {"cliente": "Typed", "linhas": [{"texto": "dois"}]}
    assert complaints(reader) == []


@pytest.mark.parametrize(("width", "least_target", "scheme"), [(1360, 24, "light"), (320, 44, "dark")])
def test_the_pages_of_reviewing_are_accessible_fit_and_can_be_pressed(
    arrive: Arrive, workspace: Workspace, sandbox: SandboxServer, width: int, least_target: int, scheme: str
) -> None:
    seen, other = waiting(workspace, sandbox, OUTPUT, OUTPUT)
    reader = arrive(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    found: dict[str, object] = {}

    def look(name: str) -> None:
        found[name] = (reader.faults(), reader.too_wide_by(), reader.small_targets(least_target))

    page = reader.opens(f"/tasks/{seen.id}/review/")
    look("form")
    page.get_by_role("textbox", name="Quantidade", exact=True).first.fill("1,5")
    page.get_by_role("textbox", name="Numero", exact=True).fill("000124")
    page.get_by_role("button", name="Preview").last.click()
    expect(page.locator("[role=alert]")).to_be_visible()
    look("mistake")
    page.get_by_role("textbox", name="Quantidade", exact=True).first.fill("15")
    sandbox.world.edit(str(seen.id), {"numero": "999"})
    page.click("button:has-text('Save edits')")
    expect(page.locator("tr.conflict")).to_be_visible()
    look("conflict")
    Task.objects.filter(task_id=other.id).update(gone_at=other.updated_at)
    places = {
        "nothing": f"/tasks/{other.id}/review/",
        "end": "/tasks/review/next/?q=nothing-is-called-so",
        "bulk": f"/tasks/review/bulk/?{LIST}",
    }
    for name, address in places.items():
        reader.opens(address)
        look(name)
    page.click("button.primary")
    expect(page.locator("#progress")).to_be_visible()
    look("result")

    assert {name: faults for name, faults in found.items() if faults != ([], 0, [])} == {}
