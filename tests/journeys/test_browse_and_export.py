"""What the product is for, in a real browser: find the tasks one answers for, look into one, take the list away."""

import csv
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from telareview.accounts.models import Person
from telareview.sandbox import SandboxServer
from telareview.tasks.detail import TABS
from telareview.tasks.list_columns import COLUMNS
from telareview.tasks.models import Task
from tests.accounts.cast import PASSWORD
from tests.exports.test_tasks_csv import told
from tests.journeys.conftest import OpenContext
from tests.sync.tela import rows_of
from tests.tasks.hostile import TEXTS

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "ana.souza@acme.example"


def rows(page: Page) -> list[str]:
    """The ids of the rows, from top to bottom."""
    return [row.get_attribute("id") or "" for row in page.locator("#rows tr").all()]


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def settled(page: Page) -> Page:
    """The page once its live check has been answered."""
    expect(page.locator("#live")).to_contain_text(re.compile(r"live \d\d:\d\d:\d\d"))
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    return page


def follow(page: Page, place: Locator) -> Page:
    """The next page, whole: without scripts nothing on it says when it has arrived."""
    with page.expect_navigation():
        place.click()
    return page


def tick(page: Page, drop_down: str, choice: str) -> None:
    """Choose one value of a filter; the list follows by itself."""
    page.locator("#filters summary", has_text=drop_down).first.click()
    with page.expect_response(re.compile(r"/tasks/live/\?")):
        page.get_by_role("group", name=drop_down).get_by_label(choice, exact=True).check()
    page.keyboard.press("Escape")
    settled(page)


def test_from_signing_in_to_the_file_that_equals_what_tela_holds(
    open_browser: OpenContext, auditor: Person, tela: SandboxServer, tmp_path: Path
) -> None:
    page, watched = open_browser(accept_downloads=True)

    # Sign in, and be led to the list.
    page.goto("/tasks/")
    page.get_by_label("E-mail").fill(auditor.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/tasks/")
    settled(page)
    assert len(rows(page)) == 50

    # Filter by approver and by kind of revision.
    tick(page, "Approver", ANA)
    tick(page, "Revision", "Approved directly")
    assert query(page) == {"approvedBy": [ANA], "revisionProcess": ["approvedDirectly"]}

    # Sort, and turn to page 2.
    page.get_by_role("columnheader", name="Approved", exact=True).get_by_role("link").click()
    settled(page)
    page.locator(".pager").get_by_role("link", name="25", exact=True).click()
    first_page = rows(settled(page))
    page.locator("a[rel=next]").click()
    second_page = rows(settled(page))
    here = page.url
    assert len(first_page) == len(second_page) == 25
    assert not set(first_page) & set(second_page)

    # Open a task, and come back to the same rows.
    name = page.locator("#rows th a").nth(3).inner_text()
    page.locator("#rows th a").nth(3).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert f"/tasks/{second_page[3].removeprefix('t-')}/" in page.url
    page.go_back()
    assert (rows(settled(page)), page.url) == (second_page, here)

    # Reload, and open the address in a new tab.
    page.reload()
    assert rows(settled(page)) == second_page
    tab = page.context.new_page()
    tab.goto(here)
    assert rows(settled(tab)) == second_page
    tab.close()

    # Back and forward through what was filtered and sorted.
    page.go_back()
    assert rows(settled(page)) == first_page
    page.go_forward()
    assert rows(settled(page)) == second_page

    # Take the list away.
    page.locator("body").press("e")
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("Approved directly")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download").click()
    expect(panel).to_be_hidden()
    file = tmp_path / "tasks.csv"
    download.value.save_as(file)
    with file.open(newline="") as opened:
        _header, *records = csv.reader(opened)

    held = rows_of(tela, approvedBy=ANA, revisionProcess="approvedDirectly", orderBy="approvedAt", order="desc")
    assert [record[9] for record in records] == [row["approvedAt"] for row in held]
    assert {record[0]: record for record in records} == {
        row["id"]: [cell or "" for cell in told({**row, "metadata": {"editedFields": []}})] for row in held
    }
    assert [f"t-{record[0]}" for record in records][:50] == first_page + second_page
    assert watched.nothing(page)


def test_a_change_in_tela_appears_in_the_open_list_and_is_said(
    open_browser: OpenContext, auditor: Person, tela: SandboxServer
) -> None:
    page, watched = open_browser(auditor)
    arrived = tela.world.arrive(name="Arrived just now.pdf")
    try:
        page.goto("/tasks/")
        expect(page.locator("#rows")).to_contain_text("Arrived just now.pdf")
        settled(page)

        assert rows(page)[0] == f"t-{arrived}"
        assert watched.nothing(page)
    finally:
        tela.world.delete(arrived)


def test_without_scripts_everything_is_reached_all_the_same(open_browser: OpenContext, auditor: Person) -> None:
    page, _watched = open_browser(auditor, java_script_enabled=False)
    page.goto("/tasks/")

    page.locator("#filters summary", has_text="Approver").click()
    page.get_by_role("group", name="Approver").get_by_label(ANA, exact=True).check()
    follow(page, page.get_by_role("button", name="Apply"))

    assert query(page)["approvedBy"] == [ANA]
    first_page = rows(page)
    assert len(first_page) == 50
    second_page = rows(follow(page, page.locator("a[rel=next]")))
    assert 0 < len(second_page) <= 50
    assert not set(first_page) & set(second_page)
    follow(page, page.locator("[data-export]"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.endswith(".csv")
    page.goto(f"/tasks/?approvedBy={ANA}&source=live")
    expect(page.locator("#live")).to_contain_text("live ")
    follow(page, page.locator("#rows th a").first)
    follow(page, page.get_by_role("link", name="Raw"))
    expect(page.locator("#raw")).to_contain_text(ANA)


def hostile_tasks() -> list[Task]:
    """Those whose name is no file name, and those whose files stand at odd addresses."""
    named = Task.objects.filter(name__regex=r"[<>{}=@;\n\t]|\.\./|\u2400|\ufffd|\u202e")
    placed = Task.objects.filter(version__payload__text__iregex=r'"file_url": ?"(javascript|data|http|file|//)[:/]')
    return list(named | placed)


def test_hostile_tasks_run_nothing_and_fetch_nothing(open_browser: OpenContext, auditor: Person) -> None:
    page, watched = open_browser(auditor)
    hostile = hostile_tasks()
    assert len(hostile) >= 10
    assert any(task.name == TEXTS[0] for task in hostile)

    ids = "&".join(f"ids={task.task_id}" for task in hostile)
    page.goto(f"/tasks/?{ids}&cols={','.join(COLUMNS)}&limit=100")
    settled(page)
    assert len(rows(page)) == len(hostile)
    assert TEXTS[0] in page.locator("#rows").inner_text()
    for number, task in enumerate(hostile):
        for tab in TABS if number < 5 else ("summary", "input"):
            page.goto(f"/tasks/{task.task_id}/{tab}/")
            page.wait_for_load_state("load")
            assert watched.nothing(page), (task.task_id, tab)
    for outward in page.locator("a[target=_blank]").all():
        assert (outward.get_attribute("href") or "").startswith("https://")


def test_hostile_words_in_the_address_run_nothing(open_browser: OpenContext, auditor: Person) -> None:
    page, watched = open_browser(auditor)

    for text in TEXTS[:8]:
        page.goto(f"/tasks/?q={text}&approvedBy={text}&{text}=1".replace("#", "%23").replace("&lt;", "%26lt;"))
        settled(page)
        page.go_back()

    assert watched.nothing(page)


def test_the_watch_would_notice(open_browser: OpenContext, auditor: Person) -> None:
    """What the tests above rely on: markup that got onto a page would be blocked, and be told."""
    page, watched = open_browser(auditor)
    page.goto("/tasks/")

    page.evaluate(
        """() => {
          const slipped = document.createElement("p");
          slipped.innerHTML = '<img src="https://evil.example/x.png" onerror="alert(1)">';
          document.body.append(slipped);
        }"""
    )
    page.wait_for_function("window.violations.length >= 2")

    assert {violation.split()[0] for violation in page.evaluate("window.violations")} == {"img-src", "script-src-attr"}
    with pytest.raises(AssertionError):
        watched.nothing(page)
