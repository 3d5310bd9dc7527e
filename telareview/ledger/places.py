"""Places outside the house that keep checkpoints: a file, a mailbox, a webhook. Set in the environment.

What stands here is out of reach of whoever owns the database; that is what makes a seal evidence.
"""

import os
from dataclasses import dataclass
from email.errors import MessageError
from hashlib import sha256
from pathlib import Path
from smtplib import SMTPException
from typing import Literal
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

from telareview.web.client import is_loopback

#: A mailbox gets one message an hour at most; a later checkpoint covers all that an earlier one does.
MAIL_EVERY_SECONDS = 60 * 60
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 15
KEY_DIGITS = 16


class PlaceError(Exception):
    """A place did not take the checkpoints. `code` names the reason for translation, the text tells what is known."""

    def __init__(self, code: str, known: str = "") -> None:
        super().__init__(known)
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """One place, and how it is reached."""

    kind: Literal["file", "mail", "webhook"]
    #: A path, an e-mail address, an https address.
    address: str

    @property
    def key(self) -> str:
        """Names the place in records without its address, which may hold a secret."""
        return f"{self.kind}:{sha256(self.address.encode()).hexdigest()[:KEY_DIGITS]}"

    @property
    def shown(self) -> str:
        """The address as a page may show it: of a webhook the host alone."""
        return urlsplit(self.address).netloc.rpartition("@")[2] if self.kind == "webhook" else self.address

    @property
    def least_seconds(self) -> int:
        """Between two sendings that went well."""
        return MAIL_EVERY_SECONDS if self.kind == "mail" else 0

    def take(self, name: str, notes: list[str]) -> None:
        """Bring signed checkpoints of a tree there, oldest first. Raises PlaceError."""
        text = "".join(notes)
        {"file": _append, "mail": _mail, "webhook": _post}[self.kind](self.address, name, text)


def places() -> tuple[Place, ...]:
    """All that are set."""
    found: tuple[Place, ...] = settings.SEAL_PLACES
    return found


def read_places(*, file: str, mail: list[str], webhooks: list[str]) -> tuple[Place, ...]:
    """The places that the environment names. Raises ImproperlyConfigured, with the variable and how to mend it."""
    if file and not Path(file).is_absolute():
        raise ImproperlyConfigured(f"TELAREVIEW_SEAL_FILE is {file!r}. Set it to an absolute path, or unset it.")
    for address in mail:
        if "@" not in address.strip("@"):
            raise ImproperlyConfigured(
                f"TELAREVIEW_SEAL_MAIL has {address!r}. Set it to e-mail addresses, or unset it."
            )
    for address in webhooks:
        parts = urlsplit(address)
        local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or local):
            # Not repeated: it may hold a secret.
            raise ImproperlyConfigured(
                "TELAREVIEW_SEAL_WEBHOOK must hold addresses that begin with https://, comma-separated; or unset it."
            )
    return (
        *((Place("file", file),) if file else ()),
        *(Place("mail", address) for address in mail),
        *(Place("webhook", address) for address in webhooks),
    )


def _append(address: str, name: str, text: str) -> None:
    """At the end of a file, to the disk; what could not be written whole is taken back."""
    try:
        with Path(address).open("ab") as file:
            before = file.tell()
            try:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise
    except OSError as error:
        raise PlaceError("file", error.strerror or type(error).__name__) from error


def _mail(address: str, name: str, text: str) -> None:
    message = EmailMessage(f"Checkpoint of {name}", text, None, [address])
    try:
        message.send()
    except (SMTPException, MessageError, OSError, ValueError) as error:
        raise PlaceError("mail", type(error).__name__) from error


def _post(address: str, name: str, text: str) -> None:
    failure = None
    try:
        with requests.Session() as session:
            # Neither proxies nor passwords of the machine's environment are for this.
            session.trust_env = False
            answer = session.post(
                address,
                data=text.encode(),
                headers={"Content-Type": "text/plain; charset=utf-8", "User-Agent": "telareview"},
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            with answer:
                status = answer.status_code
    except (requests.RequestException, OSError) as error:
        failure = PlaceError("unreachable", type(error).__name__)
    if failure:
        # Outside the handler: the error of `requests` holds the whole address.
        raise failure
    if not 200 <= status < 300:
        raise PlaceError("refused", str(status))
