"""Checkpoints leave the house: what a place has not got yet is brought there, and every attempt is recorded."""

import datetime as dt
import logging
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Workspace
from telareview.ledger.checking import Outside
from telareview.ledger.models import Checkpoint, Sending
from telareview.ledger.places import Place, PlaceError, places

#: Key of the advisory lock that lets one sender at a time in.
SENDER_LOCK = 0x73656E64
#: Checkpoints of one sending; of a longer backlog the newest are sent, which cover the others.
NOTES_A_SENDING = 200
#: After the n-th failure in a row a place is left alone for 2^(n-1) minutes, and no longer than this.
LONGEST_PAUSE = dt.timedelta(hours=1)

#: Code of a failure → what a person reads.
FAILURES: dict[str, Promise] = {
    "file": _("The file could not be written."),
    "mail": _("The mail server did not take the message."),
    "unreachable": _("The address did not answer."),
    "refused": _("The address answered with an error."),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a place stands with a workspace."""

    place: Place
    #: The newest checkpoint that arrived there; 0 for none.
    size: int
    sent_at: dt.datetime | None
    #: The last attempt, if it failed.
    failed: Sending | None
    failures_in_a_row: int

    @property
    def reason(self) -> str:
        """Why the last attempt failed, in the reader's language."""
        if self.failed is None:
            return ""
        spoken = FAILURES.get(self.failed.error_code, self.failed.error_code)
        return f"{spoken} ({self.failed.error})" if self.failed.error else str(spoken)

    def is_due(self, now: dt.datetime) -> bool:
        """Whether it is time for an attempt."""
        if self.failed is not None:
            pause = min(dt.timedelta(minutes=2 ** min(self.failures_in_a_row - 1, 10)), LONGEST_PAUSE)
            # The worker comes by once a minute, a little earlier or later.
            return now >= self.failed.tried_at + pause - dt.timedelta(seconds=5)
        return self.sent_at is None or now >= self.sent_at + dt.timedelta(seconds=self.place.least_seconds)


def send_checkpoints() -> int:
    """Bring every place what it has not got; how many attempts failed. Does nothing while another sender works."""
    failed = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SENDER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        for workspace in Workspace.objects.order_by("pk"):
            for standing in standings(workspace):
                if standing.is_due(timezone.now()):
                    failed += not _send(workspace, standing)
    return failed


def standings(workspace: Workspace) -> list[Standing]:
    """How each place stands; three short questions a place."""
    return [_standing(workspace, place) for place in places()]


def kept_checkpoints(workspace: Workspace) -> list[Outside]:
    """What the file outside holds, to be compared; a file that has lost what was sent there is told as empty."""
    kept = []
    for standing in standings(workspace):
        if standing.place.kind == "file":
            try:
                text = Path(standing.place.address).read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                text = ""
            kept.append(Outside(standing.place.address, text, must=standing.size > 0))
    return kept


def _standing(workspace: Workspace, place: Place) -> Standing:
    attempts = Sending.objects.filter(workspace=workspace, place=place.key).order_by("-tried_at", "-pk")
    arrived = attempts.filter(sent=True).first()
    failures = attempts.filter(tried_at__gt=arrived.tried_at) if arrived else attempts
    return Standing(
        place=place,
        size=arrived.size if arrived else 0,
        sent_at=arrived.tried_at if arrived else None,
        failed=failures.filter(sent=False).first(),
        failures_in_a_row=failures.filter(sent=False).count(),
    )


def _send(workspace: Workspace, standing: Standing) -> bool:
    """One attempt, recorded; true where there is nothing to send, or it arrived."""
    fresh = Checkpoint.objects.filter(workspace=workspace, size__gt=standing.size).order_by("-size")
    newest = list(fresh[:NOTES_A_SENDING])[::-1]
    if not newest:
        return True
    attempt = Sending(
        workspace=workspace, place=standing.place.key, size=newest[-1].size, tried_at=timezone.now(), sent=True
    )
    try:
        standing.place.take(newest[-1].note.partition("\n")[0], [each.note for each in newest])
    except PlaceError as error:
        attempt.sent, attempt.error_code, attempt.error = False, error.code, str(error)[:500]
        logger.warning("Checkpoints did not arrive at %s: %s %s", standing.place.shown, error.code, error)
    attempt.save()
    return attempt.sent
