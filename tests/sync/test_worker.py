"""`manage.py worker` alone is enough: it makes the workspace that the environment describes, and begins."""

import pytest
from django.core.management import call_command

from telareview.accounts.models import Workspace
from telareview.sync.management.commands import worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(monkeypatch):
    """What the worker was started with; it ends at once."""
    told = []
    monkeypatch.setattr(worker, "schedule_pulls", told.append)
    monkeypatch.setattr(worker, "run_worker", lambda **options: told.append(options))
    return told


def test_it_makes_the_default_workspace_from_the_environment(settings, begun, capsys):
    settings.TELA_API_KEY, settings.TELA_API_URL = "key-of-acme", "https://api.example"

    call_command("worker")

    workspace = Workspace.objects.get(slug="default")
    assert (workspace.api_key.reveal(), workspace.api_url) == ("key-of-acme", "https://api.example")
    assert begun == [30, {"concurrency": 2}]
    assert capsys.readouterr().err == ""


def test_without_any_key_it_says_that_nothing_is_pulled_and_makes_nothing(settings, begun, capsys):
    settings.TELA_API_KEY, settings.TELA_API_URL_GIVEN, settings.TELA_WEBHOOK_SECRET = "", False, ""

    call_command("worker")

    assert "No workspace has an API key yet" in capsys.readouterr().err
    assert not Workspace.objects.exists()
    assert begun
