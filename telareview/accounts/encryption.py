"""Secrets at rest: encrypted with a key made from SECRET_KEY, which is kept outside the database.

SecretError
    UnreadableSecret    the stored text was encrypted under another SECRET_KEY, or altered
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from telareview.web.redaction import never_log

KEY_BYTES = 32
KEY_PURPOSE = b"telareview workspace secrets, version 1"


class SecretError(Exception):
    """Anything that is wrong with a stored secret."""


class UnreadableSecret(SecretError):
    """A stored secret cannot be decrypted: SECRET_KEY has changed since it was stored.

    Put the former SECRET_KEY back, or enter the API key and the webhook secret again.
    """

    code = "unreadable_secret"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} cannot be decrypted: SECRET_KEY has changed since it was stored. "
            "Put the former SECRET_KEY back, or enter the secret again."
        )


def encrypted(plain: str) -> str:
    """`plain` as URL-safe text that only this SECRET_KEY opens; the empty text stays empty."""
    return _cipher().encrypt(plain.encode()).decode("ascii") if plain else ""


def decrypted(stored: str, *, what: str) -> str:
    """The text given to `encrypted`. Raises UnreadableSecret, whose sentence begins with `what`."""
    if not stored:
        return ""
    try:
        plain = _cipher().decrypt(stored).decode()
    except (InvalidToken, UnicodeDecodeError):
        # Not chained: the traceback of a key that cannot be read must not carry any of its bytes.
        raise UnreadableSecret(what) from None
    never_log(plain)
    return plain


def _cipher() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@lru_cache(maxsize=8)
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=KEY_PURPOSE).derive(secret_key.encode())
    return Fernet(urlsafe_b64encode(derived))
