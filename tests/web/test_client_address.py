import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from telareview.web.client import client_address


def request(forwarded: str | None, address: str = "192.0.2.1"):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=address, headers=headers)


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 198.51.100.4", "203.0.113.9"),
        (1, None, "192.0.2.1"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "203.0.113.9:4711", "unknown"),
        (1, "2001:db8::0:1", "2001:db8::1"),
        (1, " , ", "192.0.2.1"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(settings, hops, forwarded, address):
    settings.TRUSTED_PROXY_HOPS = hops

    assert client_address(request(forwarded)) == address


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60))
def test_nothing_a_client_writes_moves_its_address(settings, forged):
    settings.TRUSTED_PROXY_HOPS = 1

    assert client_address(request(f"{forged}, 203.0.113.9")) == "203.0.113.9"


@pytest.mark.parametrize("address", ["", "unix:", "not an address"])
def test_what_is_no_address_is_unknown(address):
    assert client_address(request(None, address)) == "unknown"
