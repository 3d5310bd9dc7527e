"""Guessing passwords is slow: so many attempts under one key within a sliding window, counted in the database.

Counted before the password is checked, in one statement, so that neither several processes nor simultaneous requests
get more attempts than one would. A sign-in that succeeds gives its attempt back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from django.db import connection
from django.utils import timezone

#: Attempts reach the password check so often; more would let 1,000 common passwords through in a working day.
PER_ACCOUNT = 5
ACCOUNT_WINDOW = timedelta(minutes=5)
#: An office shares an address, and only failures count.
PER_ADDRESS = 20
ADDRESS_WINDOW = timedelta(minutes=5)
#: One customer of a provider holds at least so many leading bits of an IPv6 address.
IPV6_PREFIX_BITS = 64
#: No window is longer, so older rows say nothing.
FORGET_AFTER = timedelta(days=1)

_TAKE = """
    INSERT INTO accounts_signinattempts AS kept (key, moments) VALUES (%(key)s, ARRAY[%(now)s]::timestamptz[])
    ON CONFLICT (key) DO UPDATE
    SET moments = %(now)s::timestamptz || ARRAY(SELECT m FROM unnest(kept.moments) AS m WHERE m > %(since)s)
    WHERE (SELECT count(*) FROM unnest(kept.moments) AS m WHERE m > %(since)s) < %(most)s
    RETURNING key
"""
_GIVE_BACK = "UPDATE accounts_signinattempts SET moments = array_remove(moments, %s::timestamptz) WHERE key = ANY (%s)"
_FORGET = (
    "DELETE FROM accounts_signinattempts WHERE NOT EXISTS (SELECT FROM unnest(moments) AS moment WHERE moment > %s)"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted: when, and under which keys."""

    moment: datetime
    keys: tuple[str, ...]


def attempt(email: str, address: str) -> Attempt | None:
    """Counts an attempt to sign in as `email` from the IP `address`; None when either has used up its attempts.

    An unknown e-mail address is treated exactly as a known one.
    """
    now = timezone.now()
    by_address, by_account = _key("address", _network(address)), _key("account", email.strip().lower())
    # The address first: one that has used up its attempts cannot use up those of other people's accounts.
    if not _taken(by_address, now, PER_ADDRESS, ADDRESS_WINDOW):
        return None
    if not _taken(by_account, now, PER_ACCOUNT, ACCOUNT_WINDOW):
        return None
    return Attempt(now, (by_address, by_account))


def give_back(taken: Attempt) -> None:
    """The attempt succeeded: it does not count. Attempts of yesterday are forgotten on the way."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [taken.moment, list(taken.keys)])
        cursor.execute(_FORGET, [timezone.now() - FORGET_AFTER])


def _taken(key: str, now: datetime, most: int, window: timedelta) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "now": now, "most": most, "since": now - window})
        return cursor.fetchone() is not None


def _key(kind: str, value: str) -> str:
    return sha256(f"{kind}:{value}".encode()).hexdigest()


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(ip_network((known, IPV6_PREFIX_BITS), strict=False))
    return address
