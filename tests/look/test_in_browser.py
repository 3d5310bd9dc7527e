"""What the scripts and styles do for a reader at a real browser; and that all of it works without scripts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect
from pytest_django.live_server_helper import LiveServer

from telareview.accounts.models import Person
from tests.look.reader import Reader, small_mirror

pytestmark = pytest.mark.django_db(transaction=True)

Arrive = Callable[..., Reader]


@pytest.fixture
def arrive(browser: Browser, live_server: LiveServer) -> Iterator[Arrive]:
    """A reader arrives, with a device described as Playwright does."""
    workspace = small_mirror()
    readers: list[Reader] = []

    def make(**device: Any) -> Reader:
        readers.append(Reader(browser, live_server.url, workspace, **device))
        return readers[-1]

    yield make
    for reader in readers:
        reader.context.close()


def test_a_choice_applies_at_once_and_the_drop_down_stays_open(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.opens("/tasks/")

    page.click("#drop-status summary")
    page.check("#drop-status input[value=completed]")
    reader.comes_to("/tasks/?status=completed")

    expect(page.locator("#rows tr")).to_have_count(3)
    assert page.locator("#drop-status").evaluate("drop => drop.open")
    page.keyboard.press("Escape")
    assert not page.locator("#drop-status").evaluate("drop => drop.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert reader.complaints == []


def test_typing_filters_after_a_pause_and_keeps_the_cursor_in_the_field(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.opens("/tasks/")

    page.keyboard.press("/")
    page.keyboard.type("nota")
    reader.comes_to("/tasks/?q=nota")

    expect(page.locator("#rows tr")).to_have_count(1)
    page.keyboard.type("-fiscal")
    expect(page.locator("#q")).to_have_value("nota-fiscal")
    reader.comes_to("/tasks/?q=nota-fiscal")


def test_going_back_shows_the_whole_page_of_before(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.opens("/tasks/")
    page.click("#drop-status summary")
    page.check("#drop-status input[value=failed]")
    expect(page.locator("#rows tr")).to_have_count(1)

    page.go_back()

    reader.comes_to("/tasks/")
    expect(page.locator("#rows tr")).to_have_count(10)
    expect(page.locator("nav.side")).to_have_count(1)
    expect(page.locator("#drop-status input[value=failed]")).not_to_be_checked()


def test_a_slow_live_answer_does_not_overwrite_a_newer_list(arrive: Arrive) -> None:
    reader = arrive()
    held: list[Route] = []
    reader.page.route("**/tasks/live/*", lambda route: held.append(route) if not held else route.continue_())
    reader.page.goto(reader.server + "/tasks/")
    expect(reader.page.locator("#results")).to_have_attribute("aria-busy", "true")

    reader.page.fill("#q", "nota")
    reader.comes_to("/tasks/?q=nota")
    expect(reader.page.locator("#rows tr")).to_have_count(1)

    # The browser has given the older question up, so its answer reaches nobody.
    assert held[0].request.failure is not None
    expect(reader.page.locator("#live .dot")).to_be_attached()
    assert reader.names() == ["Nota-fiscal.pdf"]


def test_a_live_check_that_fails_leaves_the_rows_and_offers_another_try(arrive: Arrive) -> None:
    reader = arrive()
    reader.page.route("**/tasks/live/*", lambda route: route.abort())

    page = reader.opens("/tasks/")

    expect(page.locator("#live")).to_contain_text("What you see is unchanged")
    expect(page.locator("#live button")).to_have_text("Try again")
    assert len(reader.names()) == 10


def test_the_keyboard_moves_opens_and_goes_on(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.opens("/tasks/?orderBy=reference&order=asc")
    first, second, *_ = reader.names()

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == second
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(first)
    page.keyboard.press("]")
    expect(page.locator("h1")).to_have_text(second)
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("t")
    reader.comes_to("/tasks/")


def test_shortcuts_rest_while_typing_and_can_be_switched_off(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.opens("/tasks/")
    page.focus("#q")
    page.keyboard.type("?")
    expect(page.locator("dialog#keys")).to_be_hidden()
    Person.objects.update(shortcuts=False)

    page = reader.opens("/tasks/")
    page.keyboard.press("?")

    expect(page.locator("dialog#keys")).to_be_hidden()


def test_the_theme_flips_at_once_and_is_kept(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.opens("/tasks/")

    with page.expect_response("**/accounts/preferences/theme/"):
        page.click("button[name=theme][value=dark]")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"

    reader.opens("/tasks/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 23, 26)"


def test_all_of_it_works_without_scripts(arrive: Arrive) -> None:
    reader = arrive(java_script_enabled=False)
    page = reader.page
    page.goto(reader.server + "/tasks/")

    page.click("#drop-status summary")
    page.check("#drop-status input[value=failed]")
    with page.expect_navigation():
        page.click("button:has-text('Apply')")

    assert "status=failed" in page.url
    assert reader.names() == ["Nota-fiscal.pdf"]
    page.click("#rows a")
    expect(page.locator("h1")).to_have_text("Nota-fiscal.pdf")


def test_what_is_the_same_can_be_shown_beside_what_was_changed(arrive: Arrive) -> None:
    reader = arrive()
    reader.opens("/tasks/?status=completed")
    reader.page.click("#rows a >> nth=0")

    expect(reader.page.locator(".diff del")).to_have_text("5")
    expect(reader.page.locator(".diff ins")).to_have_text("7")
    expect(reader.page.locator(".diff .same")).to_be_hidden()
    reader.page.check("#show-same")
    expect(reader.page.locator(".diff .same")).to_be_visible()


PAGES = (
    "/tasks/",
    "/tasks/?q=nobody&colour=red",
    "/tasks/?asOf=2020-01-01T00:00:00Z",
    "/history/",
    "/sync/",
    "/exports/",
    "/history/seals/",
    "/accounts/password/change/",
    "/accounts/preferences/",
)
PARTS = ("changes", "summary", "history", "input", "raw")


# Portuguese is the longer language, so it is the one that has to fit.
@pytest.mark.parametrize(
    ("width", "least_target", "scheme", "locale"), [(1360, 24, "light", "en-US"), (320, 44, "dark", "pt-BR")]
)
def test_every_page_is_accessible_fits_and_can_be_pressed(
    arrive: Arrive, width: int, least_target: int, scheme: str, locale: str
) -> None:
    reader = arrive(viewport={"width": width, "height": 800}, color_scheme=scheme, locale=locale, bypass_csp=True)
    page = reader.opens("/tasks/?status=completed")
    task = (page.locator("#rows a").first.get_attribute("href") or "").split("?")[0]

    found = {}
    for address in (*PAGES, *(f"{task}{part}/" for part in PARTS)):
        reader.opens(address)
        found[address] = (reader.faults(), reader.too_wide_by(), reader.small_targets(least_target))

    assert {address: faults for address, faults in found.items() if faults != ([], 0, [])} == {}
