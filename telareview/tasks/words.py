"""The words people read for what Tela writes. Unknown ones are shown as they came."""

from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATUS_WORDS: dict[str, Promise] = {
    "created": _("Created"),
    "running": _("Running"),
    "validating": _("Waiting for review"),
    "completed": _("Completed"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    "approved": _("Approved"),
    "pending": _("Pending"),
}
REVISION_WORDS: dict[str, Promise] = {
    "approvedDirectly": _("Approved directly"),
    "approvedWithRevisions": _("Approved with revisions"),
    "unknown": _("Approved, revision unknown"),
}


def status_word(status: str) -> str | Promise:
    return STATUS_WORDS.get(status, status)


@lru_cache(maxsize=1000)
def status_text(status: str, _language: str) -> str:
    """The word in the active language, which keeps them apart: every row of the list asks."""
    return str(status_word(status))


def revision_word(revision_process: str) -> str | Promise:
    return REVISION_WORDS.get(revision_process, revision_process)
