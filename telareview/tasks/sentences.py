"""Versions told as sentences: the facts stay in `TaskVersion`, the words are made here."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from telareview.tasks.models import Kind, Learned, TaskVersion
from telareview.tasks.words import status_word

#: More changed fields than these are counted, not named.
MAX_NAMED_PATHS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a history: what happened, the fields that changed, and how it is known."""

    version: TaskVersion
    sentence: str
    fields: list[str]
    more_fields: int
    learned: str
    address: str


def tell(versions: Iterable[TaskVersion]) -> list[Told]:
    """The versions in their order, each told beside the one before it (by `number`)."""
    every = list(versions)
    before = {version.number + 1: version for version in every}
    return [_told(version, before.get(version.number)) for version in every]


def _told(version: TaskVersion, before: TaskVersion | None) -> Told:
    paths = told_paths(version.changed_paths)
    return Told(
        version=version,
        sentence=sentence(version, before),
        fields=paths[:MAX_NAMED_PATHS],
        more_fields=max(0, len(paths) - MAX_NAMED_PATHS),
        learned=str(Learned(version.learned_by).label) if version.learned_by in Learned.values else version.learned_by,
        address=f"/tasks/{version.task_id}/versions/{version.number}/",
    )


#: Where an output's own fields begin in a payload.
CONTENT = "outputContent.content."
#: Told by the sentence itself, by its times, or only the record of an edit that is told by the field.
TOLD_OTHERWISE = ("updatedAt", "approvedAt", "approvedBy", "status", "metadata.editedFields")


def told_paths(changed_paths: Iterable[str]) -> list[str]:
    """The fields worth naming: those of the output by their own path first, then the rest."""
    own, rest = [], []
    for path in changed_paths:
        if path.startswith(CONTENT):
            own.append(path.removeprefix(CONTENT))
        elif not path.startswith(TOLD_OTHERWISE):
            rest.append(path)
    return own + rest


def sentence(version: TaskVersion, before: TaskVersion | None) -> str:
    """What one version tells, in a sentence without full stop."""
    match version.kind:
        case Kind.FIRST_SEEN:
            return _("First seen, %(status)s") % {"status": _lowered(version.status)}
        case Kind.APPROVED:
            return _approval(version)
        case Kind.APPROVAL_REVOKED:
            return _("Approval revoked, back to %(status)s") % {"status": _lowered(version.status)}
        case Kind.GONE:
            return _("No longer served by Tela")
        case Kind.RETURNED:
            return _("Served by Tela again, %(status)s") % {"status": _lowered(version.status)}
        case Kind.ERASED:
            return _("Personal data erased")
    if before is not None and before.status != version.status:
        return _("From %(before)s to %(after)s") % {
            "before": _lowered(before.status),
            "after": _lowered(version.status),
        }
    count = len(told_paths(version.changed_paths))
    if not count:
        return _("Touched in Tela, nothing else changed")
    return ngettext("%(count)d field changed", "%(count)d fields changed", count) % {"count": count}


def _approval(version: TaskVersion) -> str:
    who = version.approved_by or _("somebody unknown")
    if version.revision_process == "approvedDirectly":
        return _("Approved directly by %(who)s") % {"who": who}
    if version.revision_process == "approvedWithRevisions" and version.edited_paths:
        count = len(version.edited_paths)
        return ngettext(
            "Approved by %(who)s with %(count)d revision", "Approved by %(who)s with %(count)d revisions", count
        ) % {"who": who, "count": count}
    return _("Approved by %(who)s") % {"who": who}


def _lowered(status: str) -> str:
    word = str(status_word(status))
    return word[:1].lower() + word[1:]
