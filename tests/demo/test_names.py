"""The demo's apps have names, and they are the sandbox's apps."""

import pytest

from telareview.accounts.workspaces import ensure_default_workspace
from telareview.demo.names import APPS, name_demo
from telareview.sandbox.apps import APPS as SANDBOX_APPS
from telareview.tasks.models import AppName


def test_every_app_of_the_sandbox_has_a_name():
    assert {str(app) for app in APPS} == {app.id for app in SANDBOX_APPS}


@pytest.mark.django_db
def test_names_are_given_once_and_kept_where_somebody_changed_them():
    workspace = ensure_default_workspace()
    name_demo(workspace)
    AppName.objects.filter(name="Contratos").update(name="Contracts")

    name_demo(workspace)

    assert set(AppName.objects.values_list("name", flat=True)) == {"Notas fiscais", "Contracts", "Medical claims"}
    assert workspace.name == "Acme Finance"
