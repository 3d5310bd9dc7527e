"""A reader at a real browser, signed in, with a mirror of a few tasks; every complaint of the browser is noted."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from telareview.accounts.models import Workspace
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.tasks.records import approved, mirrored, task_json

#: How long a page may take to show what a step brought about, in milliseconds.
PATIENCE_MS = 15_000


def small_mirror() -> Workspace:
    """Six tasks waiting for review, three approved with revisions, one that failed."""
    acme = make_workspace("acme")
    total = {"role": "assistant", "content": {"cliente": "Acme", "total": {"valor": "170000"}}}
    original = {"role": "assistant", "content": {"cliente": "Acme", "total": {"valor": "150000"}}}
    revised: dict[str, Any] = {"outputContent": total, "originalOutputContent": original}
    mirrored(
        acme,
        *(task_json(number) for number in range(1, 7)),
        *(approved(number, "total.valor", **revised) for number in range(11, 14)),
        task_json(21, status="failed", name="Nota-fiscal.pdf"),
    )
    return acme


class Reader:
    def __init__(self, browser: Browser, server: str, workspace: Workspace, **device: Any) -> None:
        self.server = server
        self.complaints: list[str] = []
        person = make_person("admin", workspace, f"{uuid4()}@acme.example")
        session = signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value
        self.context: BrowserContext = browser.new_context(
            **{"viewport": {"width": 1360, "height": 720}, "locale": "en-US", **device}
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": server}])
        self.page: Page = self.context.new_page()
        expect.set_options(timeout=PATIENCE_MS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def opens(self, address: str) -> Page:
        """The page at `address`, once the freshness of the mirror and the live check have been answered."""
        self.page.goto(self.server + address)
        for asks, answer in (("#freshness", "#freshness .dot"), ("[data-live-url]", "#live .dot")):
            if self.page.locator(asks).count():
                expect(self.page.locator(answer)).to_be_attached()
        return self.page

    @property
    def address(self) -> str:
        return self.page.url.removeprefix(self.server)

    def names(self) -> list[str]:
        return self.page.locator("#rows .name").all_inner_texts()

    def comes_to(self, address: str) -> None:
        self.page.wait_for_url(self.server + address)

    def faults(self) -> list[str]:
        """What the accessibility rules of axe find: rule and place."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]

    def too_wide_by(self) -> int:
        """Pixels by which the page is wider than the window."""
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return max(0, wide)

    def small_targets(self, least: int) -> list[str]:
        """What can be pressed, is seen, and is smaller than `least` pixels either way; a card counts as its link."""
        found: list[str] = self.page.evaluate(SMALL_TARGETS, least)
        return found


SMALL_TARGETS = """(least) =>
  [...document.querySelectorAll("a[href], button, input, select, summary, label:has(input)")]
    .filter((each) => each.checkVisibility() && !each.closest(".hush, .skip"))
    .filter((each) => !(each.matches("input") && each.closest("label")))
    .map((each) => [each, (each.matches(".name a") ? each.closest("tr") : each).getBoundingClientRect()])
    .filter(([, box]) => box.width && Math.min(box.width, box.height) < least - 0.5)
    .map(([each, box]) => `${each.tagName} ${each.textContent.trim().slice(0, 30)} ${box.width} x ${box.height}`)"""
