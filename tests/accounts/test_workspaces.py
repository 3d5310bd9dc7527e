import pytest
from django.db import connection

from telareview.accounts.encryption import UnreadableSecret
from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import ensure_default_workspace

pytestmark = pytest.mark.django_db

KEY = "tela-key-4711-do-not-show"


@pytest.fixture
def environment(settings):
    settings.TELA_API_URL = "https://api.tela.example"
    settings.TELA_API_URL_GIVEN = True
    settings.TELA_API_KEY = KEY
    settings.TELA_WEBHOOK_SECRET = "hook-secret-4711"
    settings.TELA_ALLOW_WRITES = True
    return settings


def test_the_environment_describes_the_default_workspace(environment):
    workspace = ensure_default_workspace()

    assert (workspace.slug, workspace.name, workspace.api_url) == (
        "default",
        "api.tela.example",
        "https://api.tela.example",
    )
    assert workspace.api_key.reveal() == KEY
    assert workspace.webhook_secret.reveal() == "hook-secret-4711"
    assert workspace.allow_writes


def test_the_environment_wins_each_time_and_an_unset_key_leaves_the_stored_one(environment):
    ensure_default_workspace()
    Workspace.objects.update(name="Our name", api_url="https://elsewhere.example", allow_writes=False)
    environment.TELA_API_KEY = ""
    environment.TELA_WEBHOOK_SECRET = "rotated-secret"

    workspace = ensure_default_workspace()

    assert Workspace.objects.count() == 1
    assert workspace.name == "Our name"
    assert workspace.api_url == "https://api.tela.example"
    assert workspace.api_key.reveal() == KEY
    assert workspace.webhook_secret.reveal() == "rotated-secret"
    # An administrator's word, which the environment gives only at first.
    assert not workspace.allow_writes


def test_a_stored_key_does_not_travel_to_the_default_address(environment):
    ensure_default_workspace()
    environment.TELA_API_URL, environment.TELA_API_URL_GIVEN = "https://api.tela.com", False
    environment.TELA_API_KEY = ""

    assert ensure_default_workspace().api_url == "https://api.tela.example"


def test_the_key_stands_nowhere_in_the_row_nor_in_what_prints_it(environment):
    workspace = ensure_default_workspace()

    with connection.cursor() as cursor:
        cursor.execute("SELECT w::text FROM accounts_workspace w")
        row = cursor.fetchone()[0]

    assert KEY not in row
    assert KEY not in f"{workspace} {workspace!r} {workspace.api_key} {workspace.api_key!r} {vars(workspace)}"


def test_a_changed_secret_key_is_said_with_the_name_of_the_workspace(environment):
    workspace = ensure_default_workspace()
    environment.SECRET_KEY = "another" * 10

    with pytest.raises(UnreadableSecret, match="The API key of workspace default"):
        _ = workspace.api_key


def test_a_workspace_without_a_key_has_an_empty_one(acme):
    assert not acme.api_key
    assert not acme.webhook_secret
