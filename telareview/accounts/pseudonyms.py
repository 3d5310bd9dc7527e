"""People as pseudonyms, for members who may not see who they are: the same person is always the same word."""

import hashlib

from django.utils.crypto import salted_hmac

from telareview.accounts.models import Workspace

PREFIX = "person-"
#: 40 bits: among 10,000 people two share a word once in 20,000 workspaces.
DIGITS = 10


def pseudonym(person: str, workspace: Workspace) -> str:
    """A word for an e-mail address, by which nobody without SECRET_KEY can tell who it is. Capitals do not matter."""
    digest = hashlib.sha256((key_of(workspace) + person.lower()).encode())
    return PREFIX + digest.hexdigest()[:DIGITS]


def key_of(workspace: Workspace) -> str:
    """The workspace's own secret, as hex: with it an address could be tried out."""
    return salted_hmac("telareview.accounts.pseudonyms", str(workspace.pk), algorithm="sha256").hexdigest()
