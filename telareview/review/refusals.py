"""Why a review was not carried out, each with a sentence for the person who asked.

NotReviewed
├── ChangedMeanwhile   Tela has another state than the one that was looked at
├── AlreadyApproved    somebody approved it meanwhile
├── NotWaiting         it runs, has failed, or is otherwise not there to be reviewed
├── TakenAway          the edit takes away what Tela's merging would leave
├── NotAsTyped         Tela answered with other values than were sent; nothing was approved
├── BeingWritten       somebody else's review of this task is on its way to Tela
├── NotDone            the answer was lost, and a look showed that nothing was done
└── NotKnown           what was looked at is not in the mirror any more
"""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from telareview.sync.connection import NoKey
from telareview.sync.error_words import in_readers_language, spoken
from telareview.sync.refresh import TaskIsGone
from telareview.tasks.diff import Path, show_path
from telareview.tasks.raw_view import escape_unsendable
from telareview.tasks.words import status_word
from telareview.tela import TaskRecord, TelaError

#: Places that a sentence names.
MOST_NAMED = 5
#: Code → sentence. Kept by their codes and words, so that each reader gets them in their own language.
SENTENCES: dict[str, Promise] = {
    "changed_meanwhile": _("The task was changed in Tela meanwhile, so nothing was written."),
    "already_approved": _("The task was already approved by %(who)s, so nothing was written."),
    "not_waiting": _("The task does not wait for review (%(status)s), so nothing was written."),
    "taken_away": _(
        "Tela merges what is sent into what it has, so a field cannot be taken away: %(places)s. Set it to "
        "“nothing (null)” instead, or change the number of items of its list. Nothing was written."
    ),
    "not_as_typed": _(
        "Tela took the edits, but answered with other values at: %(places)s. Nothing was approved; look again."
    ),
    "being_written": _("Another review of this task is on its way to Tela. Wait a moment, then look again."),
    "not_done": _("Tela's answer was lost, and a look showed that nothing was done. Try again."),
    "not_known": _("What was selected is no longer known here."),
}


class NotReviewed(Exception):
    """Nothing was approved; its sentence says why, and what to do."""

    #: Key of its sentence.
    code: ClassVar[str]

    @property
    def words(self) -> dict[str, str]:
        """What the sentence names, as it is kept: nothing in it is translated yet."""
        return {}

    def __str__(self) -> str:
        return in_words(self.code, self.words)


class ChangedMeanwhile(NotReviewed):
    """`now` is what Tela has."""

    code = "changed_meanwhile"

    def __init__(self, now: TaskRecord) -> None:
        super().__init__(now)
        self.now = now


class AlreadyApproved(ChangedMeanwhile):
    """`who` is the person here, or else whom Tela names; "" when neither is known."""

    code = "already_approved"

    def __init__(self, now: TaskRecord, who: str) -> None:
        super().__init__(now)
        self.who = who

    @property
    def words(self) -> dict[str, str]:
        return {"who": self.who}


class NotWaiting(ChangedMeanwhile):
    code = "not_waiting"

    @property
    def words(self) -> dict[str, str]:
        return {"status": self.now.status}


class TakenAway(NotReviewed):
    code = "taken_away"

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__(paths)
        self.paths = paths

    @property
    def words(self) -> dict[str, str]:
        return {"places": named(self.paths)}


class NotAsTyped(NotReviewed):
    code = "not_as_typed"

    def __init__(self, now: TaskRecord, paths: tuple[Path, ...]) -> None:
        super().__init__(now, paths)
        self.now, self.paths = now, paths

    @property
    def words(self) -> dict[str, str]:
        return {"places": named(self.paths)}


class BeingWritten(NotReviewed):
    code = "being_written"


class NotDone(NotReviewed):
    code = "not_done"


class NotKnown(NotReviewed):
    code = "not_known"


#: All that may stand in the way of a review.
TROUBLE = (NotReviewed, TelaError, NoKey, TaskIsGone)


def in_words(code: str, words: Mapping[str, str]) -> str:
    """The sentence of a refusal in the reader's language. Raises KeyError for a code that has none."""
    # An erasure has taken the words of what it concerned.
    told = {"who": "", "status": "", "places": "—", **words}
    told["status"] = str(status_word(told["status"])) if told["status"] else "—"
    told["who"] = told["who"] or _now("somebody unknown")
    return str(SENTENCES[code]) % told


def said(error: Exception) -> str:
    """The sentence in the reader's language."""
    return str(error) if isinstance(error, NotReviewed) else spoken(error)


def kept_reason(code: str, words: Mapping[str, str], english: str) -> str:
    """A reason that was kept when a task was left out, in the reader's language."""
    return in_words(code, words) if code in SENTENCES else in_readers_language(code, english)


def named(paths: tuple[Path, ...]) -> str:
    """Some of the places by their paths."""
    shown = [escape_unsendable(show_path(path)) or "—" for path in paths[:MOST_NAMED]]
    return ", ".join(shown) + (" …" if len(paths) > MOST_NAMED else "")
