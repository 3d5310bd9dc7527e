"""A workspace that may write to a sandbox, and the people who work in it."""

from collections.abc import Iterator

import pytest

from telareview.accounts.models import Person, Workspace
from telareview.sandbox import SandboxServer
from telareview.sync.connection import writing_client
from telareview.tela import WritingClient
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.sync.tela import connect


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """Runs end within a blink; its clock goes on, as markers are looked for by time."""
    with SandboxServer(tasks=20, calm=True, run_seconds=0.02, retry_seconds=(0.02,)) as server:
        yield server


@pytest.fixture
def acme(db, settings, sandbox) -> Workspace:
    settings.TELA_ALLOW_WRITES = True
    workspace = make_workspace("acme")
    workspace.allow_writes = True
    return connect(workspace, sandbox)


@pytest.fixture
def operator(acme) -> Person:
    return make_person("operator", acme, "olga@acme.example")


@pytest.fixture
def reviewer(acme) -> Person:
    return make_person("reviewer", acme, "rui@acme.example")


@pytest.fixture
def desk(operator):
    return signed_in(operator)


@pytest.fixture
def client_of_tela(acme) -> Iterator[WritingClient]:
    with writing_client(acme) as client:
        yield client
