"""A filled mirror behind a real server, a browser in front, and a list of everything the browser complains about."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page
from pytest_django.live_server_helper import LiveServer

from telareview.accounts.models import Person, Workspace
from telareview.sandbox import SandboxServer
from telareview.sync.pull import pull_tasks
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.sync.tela import NOW, client_of, connect

TASKS = 600
#: What a page tells of itself when something was kept from happening.
LISTEN = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
"""


@pytest.fixture(scope="session")
def tela() -> Iterator[SandboxServer]:
    """Six hundred tasks with every hostile name and address, at a moment that stands still."""
    with SandboxServer(tasks=TASKS, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def workspace(transactional_db: None, tela: SandboxServer) -> Workspace:
    """A workspace whose mirror holds all of them."""
    workspace = connect(make_workspace("default", "Acme"), tela)
    with client_of(tela) as client:
        run = pull_tasks(workspace, client, connections=1)
    assert run.outcome == run.Outcome.COMPLETE, run.error
    return workspace


@pytest.fixture
def auditor(workspace: Workspace) -> Person:
    return make_person("auditor", workspace, "auditor@acme.example")


class Watched:
    """Complaints of a browser, gathered from all pages of one context."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.origin = origin
        self.complaints: list[str] = []
        context.add_init_script(LISTEN)
        context.on("console", lambda message: self._note(message.type in {"error", "warning"}, message.text))
        context.on("weberror", lambda error: self._note(True, str(error.error)))
        context.on("dialog", self._dismiss)
        context.on("request", lambda request: self._note(self._leads_away(request.url), f"request: {request.url}"))
        context.on("response", lambda answer: self._note(answer.status >= 400, f"{answer.status}: {answer.url}"))

    def _note(self, is_complaint: bool, text: str) -> None:
        if is_complaint:
            self.complaints.append(text)

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _leads_away(self, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" != self.origin and parts.scheme not in {"about", "blob"}

    def nothing(self, page: Page) -> bool:
        """Whether there was none up to now; fails with them."""
        assert self.complaints + page.evaluate("window.violations") == []
        return True


type OpenContext = Callable[..., tuple[Page, Watched]]


@pytest.fixture
def open_browser(browser: Browser, live_server: LiveServer) -> Iterator[OpenContext]:
    """Opens a watched page; with a person, one that is signed in. Options as of Playwright's contexts."""
    contexts: list[BrowserContext] = []

    def open_page(person: Person | None = None, **options: object) -> tuple[Page, Watched]:
        context = browser.new_context(base_url=live_server.url, locale="en-GB", **options)  # type: ignore[arg-type]
        contexts.append(context)
        if person:
            cookies = signed_in(person).cookies.values()
            context.add_cookies([{"name": each.key, "value": each.value, "url": live_server.url} for each in cookies])
        return context.new_page(), Watched(context, live_server.url)

    yield open_page
    for context in contexts:
        context.close()
