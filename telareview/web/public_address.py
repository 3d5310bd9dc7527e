"""A page's address as people type it, for what no request stands behind: commands."""

from django.conf import settings

from telareview.web.client import is_loopback


def public_address(path: str) -> str:
    """`path` on the first host of ALLOWED_HOSTS that other machines can name; as it is where there is none."""
    if not settings.HTTPS:
        return path
    hosts = (host for host in settings.ALLOWED_HOSTS if _is_a_name(host))
    return next((f"https://{host}{path}" for host in hosts), path)


def _is_a_name(host: str) -> bool:
    """Neither a pattern for many hosts nor this machine itself."""
    return not host.startswith((".", "*")) and host != "localhost" and not is_loopback(host.strip("[]"))
