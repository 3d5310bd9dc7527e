"""Error pages: what, why, what to do, and a request id to quote. They need no database and no user.

PermissionDenied
    Refused         with a sentence for the reader, and whom to ask
"""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied


class Refused(PermissionDenied):
    """The reader may not do this; `sentence` says what and `ask` names those who can change it (may be empty)."""

    def __init__(self, sentence: str, ask: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.ask = tuple(ask)
