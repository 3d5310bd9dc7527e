import pytest

from tests.accounts.cast import make_person, make_workspace, signed_in


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def elsewhere(db):
    return make_workspace("elsewhere")


@pytest.fixture
def viewer(acme):
    return signed_in(make_person("viewer", acme, "viewer@acme.example"))


@pytest.fixture
def auditor(acme):
    return signed_in(make_person("auditor", acme, "auditor@acme.example"))


@pytest.fixture
def outsider(elsewhere):
    return signed_in(make_person("admin", elsewhere, "outsider@elsewhere.example"))
