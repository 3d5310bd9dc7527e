"""People as pseudonyms, for members who may not see who they are: the same person is always the same word.

Whatever shows who made, changed or approved a task says it through `person_shown`.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import parse_qsl, urlencode

from django.utils.crypto import salted_hmac

from telareview.accounts.models import Membership, Workspace

PREFIX = "person-"
#: 40 bits: among 10,000 people two share a word once in 20,000 workspaces.
DIGITS = 10
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
#: Parameters of a list's query string whose values name people, however they are written.
PEOPLE_PARAMETERS = frozenset({"approvedBy", "createdBy"})

_hiding: ContextVar[Workspace | None] = ContextVar("workspace whose people are hidden", default=None)


@contextmanager
def people_shown_to(membership: Membership | None) -> Iterator[None]:
    """While it lasts, `person_shown` answers what this member may see."""
    hide = membership is not None and membership.workspace.hide_people and not membership.may("identify")
    token = _hiding.set(membership.workspace if membership is not None and hide else None)
    try:
        yield
    finally:
        _hiding.reset(token)


def hidden_workspace() -> Workspace | None:
    """The workspace whose people the present reader may not see; None where they may."""
    return _hiding.get()


def person_shown[P: (str, str | None)](person: P) -> P:
    """The e-mail address, or its pseudonym for a reader who may not see people. Nobody stays nobody."""
    workspace = _hiding.get()
    return pseudonym(person, workspace) if workspace is not None and person else person


def text_shown(text: str) -> str:
    """The text with a pseudonym for every e-mail address in it, for a reader who may not see people."""
    return ADDRESS.sub(lambda found: person_shown(found[0]), text) if _hiding.get() is not None else text


def query_shown(query: str) -> str:
    """A list's query string with pseudonyms for the people in it; for others, and without people, as it is."""
    pairs = parse_qsl(query, keep_blank_values=True)
    shown = [(name, person_shown(each) if name in PEOPLE_PARAMETERS else text_shown(each)) for name, each in pairs]
    return query if shown == pairs else urlencode(shown)


def pseudonym(person: str, workspace: Workspace) -> str:
    """A word for an e-mail address, by which nobody without SECRET_KEY can tell who it is. Capitals do not matter."""
    digest = hashlib.sha256((key_of(workspace) + person.lower()).encode(errors="surrogatepass"))
    return PREFIX + digest.hexdigest()[:DIGITS]


def key_of(workspace: Workspace) -> str:
    """The workspace's own secret, as hex: with it an address could be tried out."""
    return salted_hmac("telareview.accounts.pseudonyms", str(workspace.pk), algorithm="sha256").hexdigest()
