"""The plumbing of all browser tests: the machine's Chromium, our own server, the test's database."""

from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from telareview.demo import browser


@pytest.mark.django_db(transaction=True)
def test_a_real_browser_opens_the_sign_in_page_without_a_complaint(page: Page, live_server: LiveServer) -> None:
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))

    page.goto(f"{live_server.url}/accounts/login/")

    assert page.locator("form").first.is_visible()
    assert complaints == []


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path; an apt-get in it would be run by root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TELAREVIEW_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "MAC_PLACES", ())
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_root_gets_a_browser_installed_after_the_lists_are_fetched(bare_machine: Path) -> None:
    log, chromium = bare_machine / "log", bare_machine / "chromium"
    program(
        bare_machine / "apt-get", f'echo "$1" >> {log}; [ "$1" = update ] || /bin/cp {bare_machine}/apt-get {chromium}'
    )

    reason = browser.install_chromium()

    assert reason is None
    assert log.read_text().split() == ["update", "install"]
    assert browser.find_chromium() == chromium


def test_a_failed_installation_is_told_in_one_line(bare_machine: Path) -> None:
    program(bare_machine / "apt-get", "echo 'first line' >&2; echo 'E: no network' >&2; exit 100")

    assert browser.install_chromium() == "`apt-get update -q` failed: E: no network"


def test_others_than_root_are_told_what_to_install(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine / "apt-get", "exit 0")
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert (
        browser.install_chromium()
        == "no Chromium is installed, and only root can install it (apt-get install chromium)"
    )
