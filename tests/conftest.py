"""Shared by all rooms: only what the database and the browser need. Factories live in their rooms."""

from typing import Any

import pytest

from telareview.demo.testing import browser_arguments


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Here and not in the plugin, because a fixture of a conftest wins over pytest-playwright's own."""
    return browser_arguments()


@pytest.fixture(autouse=True)
def _quick_hashing(settings: Any) -> None:
    """The real one takes half a second for each password on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
