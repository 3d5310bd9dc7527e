"""The database as the product's own role sees it: a second sign-in beside the tests' one, which owns the tables."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from telareview.demo.testing import APP_URL


def app_url() -> str:
    """The address of the test database for the app role. Skips where DATABASE_URL names a server of somebody else."""
    if APP_URL not in os.environ:
        pytest.skip("needs the embedded server, where the tests know both roles: unset DATABASE_URL")
    return urlsplit(os.environ[APP_URL])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@contextmanager
def as_app() -> Iterator["psycopg.Connection[Any]"]:
    """A connection of the app role; every statement is a transaction of its own."""
    with psycopg.connect(app_url(), autocommit=True) as apart:
        yield apart


@contextmanager
def working_as_app() -> Iterator[None]:
    """Django's own connection as the app role, for tests with real transactions."""
    parts = urlsplit(app_url())
    owner = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER=parts.username, PASSWORD=parts.password)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(owner)
