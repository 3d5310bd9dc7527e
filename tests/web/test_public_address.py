"""The address of a page where no request tells it."""

import pytest

from telareview.web.public_address import public_address


@pytest.mark.parametrize(
    ("hosts", "address"),
    [
        (["review.acme.example", "localhost"], "https://review.acme.example/tasks/"),
        (["localhost", "[::1]", "review.acme.example"], "https://review.acme.example/tasks/"),
        ([".acme.example", "localhost"], "/tasks/"),
        (["*"], "/tasks/"),
    ],
)
def test_the_first_host_that_people_can_type_is_taken(settings, hosts, address):
    settings.HTTPS, settings.ALLOWED_HOSTS = True, hosts

    assert public_address("/tasks/") == address


def test_on_this_machine_alone_the_path_is_all_there_is(settings):
    settings.HTTPS, settings.ALLOWED_HOSTS = False, ["localhost", "127.0.0.1"]

    assert public_address("/tasks/") == "/tasks/"
