"""Why a review was not carried out, each with a sentence for the person who asked.

NotReviewed
├── ChangedMeanwhile   Tela has another state than the one that was looked at
├── AlreadyApproved    somebody approved it meanwhile
├── NotWaiting         it runs, has failed, or is otherwise not there to be reviewed
├── TakenAway          the edit takes away what Tela's merging would leave
├── NotAsTyped         Tela answered with other values than were sent; nothing was approved
├── BeingWritten       somebody else's review of this task is on its way to Tela
└── NotDone            the answer was lost, and a look showed that nothing was done
"""

from django.utils.translation import gettext as _

from telareview.sync.connection import NoKey
from telareview.sync.error_words import spoken
from telareview.sync.refresh import TaskIsGone
from telareview.tasks.diff import Path, show_path
from telareview.tasks.raw_view import escape_unsendable
from telareview.tasks.words import status_word
from telareview.tela import TaskRecord, TelaError

#: Places that a sentence names.
MOST_NAMED = 5


class NotReviewed(Exception):
    """Nothing was approved; `sentence` says why, and what to do."""

    code = "not_reviewed"

    @property
    def sentence(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.sentence)


class ChangedMeanwhile(NotReviewed):
    """`now` is what Tela has."""

    code = "changed_meanwhile"

    @property
    def sentence(self) -> str:
        return _("The task was changed in Tela meanwhile, so nothing was written.")

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
    def sentence(self) -> str:
        who = self.who or _("somebody unknown")
        return _("The task was already approved by %(who)s, so nothing was written.") % {"who": who}


class NotWaiting(ChangedMeanwhile):
    code = "not_waiting"

    @property
    def sentence(self) -> str:
        words = {"status": status_word(self.now.status)}
        return _("The task does not wait for review (%(status)s), so nothing was written.") % words


class TakenAway(NotReviewed):
    code = "taken_away"

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__(paths)
        self.paths = paths

    @property
    def sentence(self) -> str:
        return _(
            "Tela merges what is sent into what it has, so a field cannot be taken away: %(places)s. Set it to "
            "“nothing (null)” instead, or change the number of items of its list. Nothing was written."
        ) % {"places": named(self.paths)}


class NotAsTyped(NotReviewed):
    code = "not_as_typed"

    def __init__(self, now: TaskRecord, paths: tuple[Path, ...]) -> None:
        super().__init__(now, paths)
        self.now, self.paths = now, paths

    @property
    def sentence(self) -> str:
        return _(
            "Tela took the edits, but answered with other values at: %(places)s. Nothing was approved; look again."
        ) % {"places": named(self.paths)}


class BeingWritten(NotReviewed):
    code = "being_written"

    @property
    def sentence(self) -> str:
        return _("Another review of this task is on its way to Tela. Wait a moment, then look again.")


class NotDone(NotReviewed):
    code = "not_done"

    @property
    def sentence(self) -> str:
        return _("Tela's answer was lost, and a look showed that nothing was done. Try again.")


#: All that may stand in the way of a review.
TROUBLE = (NotReviewed, TelaError, NoKey, TaskIsGone)


def said(error: Exception) -> str:
    """The sentence in the reader's language."""
    return str(error) if isinstance(error, NotReviewed) else spoken(error)


def named(paths: tuple[Path, ...]) -> str:
    """Some of the places by their paths."""
    shown = [escape_unsendable(show_path(path)) or "—" for path in paths[:MOST_NAMED]]
    return ", ".join(shown) + (" …" if len(paths) > MOST_NAMED else "")
