"""The mail server's address, as one variable, into what Django's mailer wants."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

#: Scheme → (its usual port, what it asks of the connection).
SCHEMES: dict[str, tuple[int, dict[str, bool]]] = {
    "smtp": (25, {}),
    "smtp+tls": (587, {"use_tls": True}),
    "smtps": (465, {"use_ssl": True}),
}
TIMEOUT_SECONDS = 15


def read_mail_server(address: str) -> dict[str, Any]:
    """Options of Django's SMTP mailer. Raises ImproperlyConfigured for anything but an address of a mail server."""
    try:
        parts = urlsplit(address)
        port, options = parts.port, SCHEMES[parts.scheme]
        if not parts.hostname:
            raise ValueError
    except (ValueError, KeyError):
        # Not repeated: it may hold a password.
        raise ImproperlyConfigured(
            "EMAIL_URL cannot be read. Set it to smtp+tls://user:password@host:587 (or smtp://, smtps://), or unset it."
        ) from None
    return {
        "host": parts.hostname,
        "port": port or options[0],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "timeout": TIMEOUT_SECONDS,
        **options[1],
    }
