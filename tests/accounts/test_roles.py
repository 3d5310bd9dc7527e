import pytest

from telareview.accounts.roles import RIGHTS, Role, role_may

TABLE = {
    "viewer": {"view"},
    "auditor": {"view", "export", "identify"},
    "operator": {"view", "export", "sync", "create"},
    "reviewer": {"view", "export", "approve", "identify"},
    "admin": {"view", "export", "sync", "create", "approve", "identify", "administer"},
}


@pytest.mark.parametrize("role", Role.values)
def test_a_role_holds_exactly_the_rights_of_the_table(role):
    assert {right for right in RIGHTS if role_may(role, right)} == TABLE[role]


def test_an_unknown_role_holds_no_right():
    assert not any(role_may("emperor", right) for right in RIGHTS)


def test_a_right_that_does_not_exist_is_an_error_and_not_a_no():
    with pytest.raises(KeyError, match="delete"):
        role_may("admin", "delete")
