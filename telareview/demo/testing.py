"""What every test run needs before Django's settings are read: one database server, a secret key, a browser.

Named in `addopts` as `-p telareview.demo.testing`, because pytest-django reads the settings before any conftest.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from telareview.demo import postgres
from telareview.demo.browser import FLAGS, find_chromium
from telareview.demo.roles import APP

RUNS = Path(__file__).resolve().parents[2] / "var" / "test-runs"
CHECKS_FAILED = "TELAREVIEW_CHECKS_FAILED"
#: Where the tests reach the database as the role that the product works with; they themselves are the owner.
APP_URL = "TELAREVIEW_TEST_APP_URL"
#: The browser makes a socket 45 characters below; a socket's path has at most 107.
LONGEST_TEMPORARY_FOLDER = 60


class Run:
    """One test run's own folder and server; workers of pytest-xdist inherit both through the environment."""

    def __init__(self) -> None:
        RUNS.mkdir(parents=True, exist_ok=True)
        _clear_killed_runs()
        self.folder = Path(tempfile.mkdtemp(dir=RUNS, prefix=""))
        self.lock = _try_lock(self.folder)
        self.server = None
        if not os.environ.get("DATABASE_URL"):
            self.server = postgres.start(self.folder / "database", durable=False)
            os.environ["DATABASE_URL"] = self.server.url()
            os.environ[APP_URL] = self.server.url(user=APP)
        os.environ["TELAREVIEW_VAR"] = str(self.folder)
        # What pytest, the browser and its driver leave behind goes with the folder.
        for variable in ("PYTEST_DEBUG_TEMPROOT", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            os.environ[variable] = str(self.folder)
        if len(str(self.folder)) <= LONGEST_TEMPORARY_FOLDER:
            os.environ["TMPDIR"] = str(self.folder)

    def end(self) -> None:
        if self.server:
            self.server.leave()
        if self.lock:
            self.lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)


_run: Run | None = None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[Any]:
    global _run  # noqa: PLW0603 - a plugin module is its own single instance
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    # Playwright's synchronous API runs an event loop in the thread that uses the ORM.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _run = Run()
    return (yield)


def pytest_unconfigure() -> None:
    global _run  # noqa: PLW0603
    if _run:
        _run.end()
        _run = None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _checks_failed() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _checks_failed():
        terminalreporter.write_line("Checks before the tests failed; see the top of this output.", red=True)


def _checks_failed() -> bool:
    return os.environ.get(CHECKS_FAILED, "0") != "0" and "PYTEST_XDIST_WORKER" not in os.environ


@pytest.fixture(scope="session", autouse=True)
def _tests_may_empty_append_only_tables() -> Iterator[None]:
    """After a test with real transactions Django truncates every table, which the history's triggers refuse."""
    import pgtrigger
    from django.test import TransactionTestCase

    def empty(case: TransactionTestCase) -> None:
        with pgtrigger.ignore():
            flush(case)

    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


def browser_arguments() -> dict[str, Any]:
    """How pytest-playwright starts the machine's own Chromium. Skips without one; fails where CI is set."""
    chromium = find_chromium()
    if chromium is None:
        reason = "no Chromium found: install it, or set TELAREVIEW_CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return {"executable_path": str(chromium), "args": list(FLAGS)}


def _clear_killed_runs() -> None:
    """Removes the folders of runs that were killed: the kernel released their lock."""
    for folder in RUNS.iterdir():
        lock = _try_lock(folder)
        if lock:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()


def _try_lock(folder: Path) -> IO[str] | None:
    file = (folder / "lock").open("w")
    if postgres.try_lock(file):
        return file
    file.close()
    return None
