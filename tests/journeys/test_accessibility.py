"""Nothing on the pages people work with is out of reach for those who see, hear or move otherwise (WCAG 2.2 AA)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from telareview.accounts.models import Person, Workspace
from telareview.tasks.detail import TABS
from telareview.tasks.models import Task
from tests.journeys.conftest import OpenContext

pytestmark = pytest.mark.django_db(transaction=True)

STANDARDS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def barriers(page: Page) -> list[str]:
    """Every serious or critical violation with the elements that show it."""
    found = Axe().run(page, options=STANDARDS).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def barriers_on(page: Page, places: dict[str, str]) -> dict[str, list[str]]:
    """By place, for those that have any."""
    found = {}
    for place, address in places.items():
        page.goto(address)
        page.wait_for_load_state("load")
        found[place] = barriers(page)
    return {place: each for place, each in found.items() if each}


@pytest.fixture
def places() -> dict[str, str]:
    """What people work with: the list and every part of a task that was revised."""
    revised = Task.objects.filter(revision_process="approvedWithRevisions").first()
    assert revised is not None
    return {
        "list": "/tasks/?status=completed&limit=25&approvedBy=ana.souza@acme.example",
        **{tab: f"/tasks/{revised.task_id}/{tab}/" for tab in TABS},
    }


# The checker adds a script to the page, which the page's own policy would refuse: hence `bypass_csp`.


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_list_and_task_have_no_serious_barrier(
    open_browser: OpenContext, auditor: Person, places: dict[str, str], scheme: str
) -> None:
    page, _watched = open_browser(auditor, color_scheme=scheme, bypass_csp=True)

    assert barriers_on(page, places) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_has_no_serious_barrier(open_browser: OpenContext, workspace: Workspace, scheme: str) -> None:
    page, _watched = open_browser(color_scheme=scheme, bypass_csp=True)

    assert barriers_on(page, {"sign in": "/accounts/login/"}) == {}


def test_pages_that_say_something_is_missing_have_none_either(open_browser: OpenContext, auditor: Person) -> None:
    page, _watched = open_browser(auditor, bypass_csp=True)
    places = ("/tasks/?q=nothing-is-called-so", "/tasks/?status=nonsense&limit=25", "/exports/", "/sync/", "/nowhere/")

    assert barriers_on(page, {place: place for place in places}) == {}


def test_the_list_works_by_keyboard_alone(open_browser: OpenContext, auditor: Person) -> None:
    page, watched = open_browser(auditor)
    page.goto("/tasks/")
    expect(page.locator("#live")).to_contain_text(re.compile("live "))

    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.get_attribute("href") == "#content"
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    assert page.locator(":focus").get_attribute("name") == "q"
    page.keyboard.type("nota-fiscal")
    page.wait_for_url(re.compile("q=nota-fiscal"))

    assert page.locator("#rows tr").count() > 0
    assert page.locator(":focus").get_attribute("name") == "q"
    assert watched.nothing(page)
