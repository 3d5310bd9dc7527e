"""Whose request this is: the address of the browser, behind a counted number of our own proxies."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """The IP address that our outermost proxy saw, or that connected to us when there is none.

    Only the last TRUSTED_PROXY_HOPS entries of X-Forwarded-For were written by our own proxies; whatever stands further
    left came from the client and is never believed. Anything unreadable is "unknown".
    """
    seen = [request.META.get("REMOTE_ADDR", "")]
    hops = settings.TRUSTED_PROXY_HOPS
    if hops:
        forwarded = request.headers.get("X-Forwarded-For", "")
        seen = [*(part.strip() for part in forwarded.split(",") if part.strip()), *seen]
    try:
        return str(ip_address(seen[-1 - min(hops, len(seen) - 1)]))
    except ValueError:
        return UNKNOWN


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine itself."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
