"""A webhook secret is replaced without losing a delivery: for a while the former one is let in as well."""

import datetime as dt

import pytest

from telareview.accounts.encryption import UnreadableSecret
from telareview.accounts.models import FORMER_SECRET_LIFE, Workspace
from telareview.accounts.workspaces import ensure_default_workspace

pytestmark = pytest.mark.django_db


def valid(workspace: Workspace) -> list[str]:
    return [secret.reveal() for secret in Workspace.objects.get(pk=workspace.pk).webhook_secrets]


def test_without_a_secret_none_is_valid(acme):
    assert acme.webhook_secrets == ()


def test_after_a_rotation_both_are_valid_the_present_one_first(acme):
    acme.set_webhook_secret("first-secret")

    acme.rotate_webhook_secret("second-secret")
    acme.save()

    assert valid(acme) == ["second-secret", "first-secret"]
    assert "first-secret" not in acme.former_webhook_secret_encrypted


def test_the_one_before_the_former_is_not_valid(acme):
    for secret in ("first-secret", "second-secret", "third-secret"):
        acme.rotate_webhook_secret(secret)
    acme.save()

    assert valid(acme) == ["third-secret", "second-secret"]


def test_the_former_one_ends_by_itself(acme):
    acme.rotate_webhook_secret("first-secret")
    acme.rotate_webhook_secret("second-secret")
    acme.save()
    assert acme.former_webhook_secret_until is not None

    acme.former_webhook_secret_until -= FORMER_SECRET_LIFE + dt.timedelta(seconds=1)
    acme.save()

    assert valid(acme) == ["second-secret"]


def test_the_former_one_is_retired_at_once(acme):
    acme.rotate_webhook_secret("first-secret")
    acme.rotate_webhook_secret("second-secret")

    acme.retire_former_webhook_secret()
    acme.save()

    assert valid(acme) == ["second-secret"]
    assert acme.former_webhook_secret_encrypted == ""


def test_setting_a_secret_lets_no_other_in(acme):
    acme.set_webhook_secret("leaked-secret")

    acme.set_webhook_secret("fresh-secret")
    acme.save()

    assert valid(acme) == ["fresh-secret"]


def test_a_new_secret_in_the_environment_is_a_rotation(db, settings):
    settings.TELA_WEBHOOK_SECRET = "first-secret"
    ensure_default_workspace()
    settings.TELA_WEBHOOK_SECRET = "second-secret"

    workspace = ensure_default_workspace()
    ensure_default_workspace()

    assert valid(workspace) == ["second-secret", "first-secret"]


def test_a_stored_secret_that_cannot_be_read_gives_way_to_that_of_the_environment(db, settings):
    settings.TELA_WEBHOOK_SECRET = "first-secret"
    workspace = ensure_default_workspace()
    settings.SECRET_KEY = "another key altogether, as long as Django asks for it"
    with pytest.raises(UnreadableSecret):
        _ = workspace.webhook_secrets
    settings.TELA_WEBHOOK_SECRET = "second-secret"

    workspace = ensure_default_workspace()

    assert valid(workspace) == ["second-secret"]
