from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import responses

from telareview.tela import TelaClient
from tests.tela.rows import RawServer

API = "https://api.tela.test"


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """HTTP faked at the wire: what is not registered cannot be reached."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def naps() -> list[float]:
    """The seconds a client slept between repetitions."""
    return []


@pytest.fixture
def tela(http: responses.RequestsMock, naps: list[float]) -> Iterator[TelaClient]:
    """A client of faked HTTP which sleeps no second and throws no dice."""
    with TelaClient(API, "sk-test-key", sleep=naps.append, chance=lambda: 0.0) as client:
        yield client


@pytest.fixture
def raw_server() -> Iterator[Callable[..., RawServer]]:
    """Starts servers below the level of HTTP, and stops them at the end."""
    with ExitStack() as stack:
        yield lambda *scripts, **settings: stack.enter_context(RawServer(*scripts, **settings))
