"""Writing to Tela: installation, workspace and role must all allow it."""

from itertools import product

import pytest

from telareview.accounts.models import Membership
from telareview.accounts.roles import Role
from telareview.accounts.writing import may_write, write_refusal
from tests.accounts.cast import make_person, make_workspace, signed_in

CREATORS, APPROVERS = {"operator", "admin"}, {"reviewer", "admin"}


def membership_of(role, workspace):
    return Membership.objects.select_related("workspace").get(person=make_person(role, workspace))


@pytest.mark.parametrize(("installation", "allowed"), product([True, False], repeat=2))
@pytest.mark.parametrize("role", Role.values)
def test_all_three_must_allow_it(db, settings, role, installation, allowed):
    settings.TELA_ALLOW_WRITES = installation
    workspace = make_workspace()
    workspace.allow_writes = allowed
    workspace.save()
    membership = membership_of(role, workspace)

    both = installation and allowed
    assert may_write(membership, "create") == membership.may_create == (both and role in CREATORS)
    assert may_write(membership, "approve") == membership.may_approve == (both and role in APPROVERS)
    assert (write_refusal(membership, "create") is None) == membership.may_create
    assert (write_refusal(membership, "approve") is None) == membership.may_approve


def test_nobody_may_without_a_membership():
    assert not may_write(None, "create")


@pytest.mark.urls("tests.accounts.doors")
def test_the_door_says_what_is_missing_and_whom_to_ask(db, settings):
    workspace = make_workspace()
    make_person("admin", workspace, "boss@acme.example")
    viewer = signed_in(make_person("viewer", workspace))
    operator = signed_in(make_person("operator", workspace))

    settings.TELA_ALLOW_WRITES = False
    workspace.allow_writes = True
    workspace.save()
    assert "switched off in this installation" in _refused(operator)
    assert "As Viewer you may not create tasks in Tela." in _refused(viewer)

    settings.TELA_ALLOW_WRITES = True
    workspace.allow_writes = False
    workspace.save()
    page = _refused(operator)
    assert "Acme may not write to Tela." in page
    assert "boss@acme.example" in page

    workspace.allow_writes = True
    workspace.save()
    assert operator.get("/writes/create/").status_code == 200
    assert operator.get("/writes/approve/").status_code == 403
    assert viewer.get("/writes/create/").status_code == 403


def _refused(client):
    response = client.get("/writes/create/")
    assert response.status_code == 403
    return response.content.decode()
