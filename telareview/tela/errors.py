"""What can go wrong between us and Tela.

    TelaError
    ├── NoAnswer              no whole reply came                              may be tried again
    │   ├── ConnectFailed     no connection: name, network, certificate
    │   ├── TimedOut          a time limit passed (ours, or 408)
    │   └── CutShort          the connection broke off
    ├── Refused               Tela answered no (4xx)
    │   ├── WrongKey          401
    │   ├── Forbidden         403
    │   ├── NotFound          404
    │   ├── BadRequest        400, 422
    │   │   └── UpdateFailed  400 UPDATE_FAILED: the task is in a state that cannot be changed
    │   ├── Conflict          409                                              may be tried again
    │   └── RateLimited       429                                              may be tried again
    ├── Broken                Tela answered, but not as its API says
    │   ├── ServerFailed      5xx                                              may be tried again
    │   ├── UnreadableReply   no JSON, or JSON of another shape                may be tried again
    │   ├── ReplyTooLarge     more than MAX_RESPONSE_BYTES
    │   └── LeftTheHost       a redirect, or an address on another host
    ├── BudgetSpent           the run's allowance of repeated calls is used up
    ├── AnswerLost            a write left, and whether it was carried out is not known
    └── WriteRefused          our own switch is off; nothing was sent

The docstring of a class is its message, `str(error)` adds what Tela said. `code` never changes, so a page can show its
own sentence for it. No error holds the key, the query, or anything of `requests`.
"""

from __future__ import annotations

import inspect
import unicodedata
from typing import ClassVar

#: Characters of a foreign text (an error message, a header) that are kept: enough for a sentence or two.
MAX_FOREIGN_TEXT = 240


class TelaError(Exception):
    """The call to Tela failed."""

    #: Stable short name of the kind of failure, for pages and statistics.
    code: ClassVar[str] = "tela_error"
    #: Whether the same call may succeed when it is made again a little later.
    may_retry: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
        nothing_left: bool = False,
    ) -> None:
        super().__init__(detail)
        #: What is known beyond the class's message: sentences of ours, or Tela's words shortened and cleaned.
        self.detail = detail
        #: HTTP status; None when no reply came.
        self.status = status
        #: Tela's `x-request-id`, for their support; None when not told.
        self.request_id = request_id
        #: Seconds Tela asked us to wait; None when it did not say.
        self.retry_after = retry_after
        #: Tela's own word (`x-should-retry`), or ours about this one failure; it outranks `may_retry`. None: no word.
        self.should_retry = should_retry
        #: Whether it is certain that not a byte of the request was sent.
        self.nothing_left = nothing_left

    @property
    def message(self) -> str:
        """The class's own sentences, without the detail."""
        return " ".join(inspect.cleandoc(type(self).__doc__ or type(self).__name__).split())

    def __str__(self) -> str:
        request = f"Request id: {self.request_id}." if self.request_id else ""
        return " ".join(part for part in (self.message, self.detail, request) if part)


class NoAnswer(TelaError):
    """Tela gave no answer. Check the network, then try again."""

    code = "no_answer"
    may_retry = True


class ConnectFailed(NoAnswer):
    """Tela could not be reached. Check TELA_API_URL and this machine's network."""

    code = "connect_failed"


class TimedOut(NoAnswer):
    """Tela did not answer in time."""

    code = "timed_out"


class CutShort(NoAnswer):
    """The connection to Tela broke off before the whole reply had arrived."""

    code = "cut_short"


class Refused(TelaError):
    """Tela refused the call."""

    code = "refused"


class WrongKey(Refused):
    """Tela refused the API key (401). Check TELA_API_KEY."""

    code = "wrong_key"


class Forbidden(Refused):
    """The API key has no access to this (403). Ask for access to the app in Tela Workstation."""

    code = "forbidden"


class NotFound(Refused):
    """Tela does not have this, or has deleted it (404)."""

    code = "not_found"


class BadRequest(Refused):
    """Tela did not accept what was asked."""

    code = "bad_request"


class UpdateFailed(BadRequest):
    """Tela cannot change this task in its present state."""

    code = "update_failed"


class Conflict(Refused):
    """Tela is busy changing this at the moment (409). Try again."""

    code = "conflict"
    may_retry = True


class RateLimited(Refused):
    """Tela asks for fewer calls (429). Wait a little, then try again."""

    code = "rate_limited"
    may_retry = True


class Broken(TelaError):
    """Tela answered, but not as its API documents."""

    code = "broken"


class ServerFailed(Broken):
    """Tela itself failed. Try again later."""

    code = "server_failed"
    may_retry = True


class UnreadableReply(Broken):
    """Tela's reply could not be read as what its API documents."""

    code = "unreadable_reply"
    may_retry = True


class ReplyTooLarge(Broken):
    """Tela's reply is larger than 20 MiB and was not read to its end. Ask for fewer tasks at a time."""

    code = "reply_too_large"


class LeftTheHost(Broken):
    """The call leads to another address than Tela's, and is never followed there. Check TELA_API_URL."""

    code = "left_the_host"


class BudgetSpent(TelaError):
    """Tela kept failing, and the repeated calls allowed to one run are used up. Try again later."""

    code = "budget_spent"


class AnswerLost(TelaError):
    """Tela's answer was lost: whether it did what was asked is not known."""

    code = "answer_lost"


class WriteRefused(TelaError):
    """Writing to Tela is switched off, so nothing was sent. Set TELA_ALLOW_WRITES=1 to allow it."""

    code = "write_refused"


def presentable(text: str, *, limit: int = MAX_FOREIGN_TEXT) -> str:
    """Foreign text as one printable line of at most `limit` characters, without control or invisible characters."""
    # A category beginning with C is a control, a format mark (text direction), a lone surrogate or unassigned.
    visible = (" " if unicodedata.category(letter).startswith(("C", "Z")) else letter for letter in text[: limit * 20])
    line = " ".join("".join(visible).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
