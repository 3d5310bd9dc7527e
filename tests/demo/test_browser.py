"""The plumbing of all browser tests: the machine's Chromium, our own server, the test's database."""

import pytest
from playwright.sync_api import ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer


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
