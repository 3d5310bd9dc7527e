"""Shared by all rooms: only what the database and the browser need. Factories live in their rooms."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from telareview.demo.roles import APP
from telareview.demo.testing import APP_URL, browser_arguments
from telareview.ledger.privileges import grant


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Here and not in the plugin, because a fixture of a conftest wins over pytest-playwright's own."""
    return browser_arguments()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let the app role in, and before the test database goes, end what a thread of a server has left open in it."""
    if APP_URL in os.environ:
        with django_db_blocker.unblock():
            grant(APP)
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _quick_hashing(settings: Any) -> None:
    """The real one takes half a second for each password on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any) -> None:
    """What a test changes is to be seen at once; what is kept for seconds has tests of its own."""
    settings.CACHES = {**settings.CACHES, "pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.fixture(autouse=True)
def _no_job_left(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """After a test that commits, Django empties its own tables; the jobs are procrastinate's."""
    yield
    marker = request.node.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    if commits or {"transactional_db", "live_server"} & set(request.fixturenames):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
