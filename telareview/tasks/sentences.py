"""Versions told as sentences: the facts stay in `TaskVersion` and `ToldVersion`, the words are made here."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from telareview.accounts.pseudonyms import person_shown
from telareview.tasks.acts import ReviewAct
from telareview.tasks.models import Kind, Learned, TaskVersion
from telareview.tasks.timeline import OURS_ALONE, State
from telareview.tasks.words import status_word

#: More changed fields than these are counted, not named.
MAX_NAMED_PATHS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a history: what happened, the fields that changed, and how it is known."""

    #: By Tela's clock, or by ours for a task no longer served; None when Tela told no time.
    at: dt.datetime | None
    sentence: str
    #: The version as we saw it; None for a state that is known from Tela's history alone.
    version: TaskVersion | None
    fields: list[str]
    more_fields: int
    #: How it was learned; "" for a state that was not seen.
    learned: str
    #: Where it can be looked at; "" for a state that was not seen.
    address: str
    #: What Tela's own history says of it; "" when it says nothing.
    told: str
    #: What may lie before it, unknown; "" when nothing does.
    gap: str
    #: Which people here it came of.
    acts: list[str]


def tell(states: Sequence[State]) -> list[Told]:
    """A history, newest first, each state told beside the one before it."""
    versions = {state.version.number: state.version for state in states if state.version}
    entries = []
    status = ""
    for place, state in enumerate(states):
        entries.append(_told(state, versions, status, is_first=place == 0))
        status = _status(state) or status
    return entries[::-1]


def _told(state: State, versions: Mapping[int, TaskVersion], status_before: str, *, is_first: bool) -> Told:
    version = state.version
    paths = told_paths(version.changed_paths) if version else []
    return Told(
        at=_stamp(state),
        sentence=sentence(version, versions.get(version.number - 1)) if version else _told_alone(state, status_before),
        version=version,
        fields=paths[:MAX_NAMED_PATHS],
        more_fields=max(0, len(paths) - MAX_NAMED_PATHS),
        learned=learned_word(version) if version else "",
        address=f"/tasks/{version.task_id}/versions/{version.number}/" if version else "",
        told=_told_by_tela(state),
        gap=gap_words(is_first=is_first) if state.gap else "",
        acts=[_act(act) for act in state.acts],
    )


def _act(act: ReviewAct) -> str:
    who = {"who": person_shown(act.person_email)}
    if act.what == ReviewAct.What.APPROVED:
        return _("approved here by %(who)s") % who
    return _("corrected here by %(who)s") % who


def _stamp(state: State) -> dt.datetime | None:
    if state.version is not None and state.version.kind not in OURS_ALONE:
        return state.version.updated_at
    return state.told.changed_at if state.told else state.at


def _status(state: State) -> str:
    if state.version is not None:
        return state.version.status
    return (state.told and state.told.status) or ""


def learned_word(version: TaskVersion) -> str:
    """How a version was learned, as people read it."""
    return str(Learned(version.learned_by).label) if version.learned_by in Learned.values else version.learned_by


def _told_alone(state: State, before: str) -> str:
    """A state that only Tela tells of: its status, beside the one before it."""
    after = _status(state)
    if not after:
        return _("Changed")
    if not before:
        return str(status_word(after))
    if before == after:
        return _("Changed, still %(status)s") % {"status": _lowered(after)}
    return _("From %(before)s to %(after)s") % {"before": _lowered(before), "after": _lowered(after)}


def _told_by_tela(state: State) -> str:
    """`told by Tela as its version 4, changed by …`, and what is odd about it."""
    told = state.told
    if told is None:
        return ""
    words = {"number": told.told_version, "who": _who(told.changed_by, erased=told.salt is None)}
    parts = [_("told by Tela as its version %(number)d, changed by %(who)s") % words]
    if state.version and told.status and told.status != state.version.status:
        parts.append(_("there as %(status)s") % {"status": _lowered(told.status)})
    if state.retold:
        parts.append(_("Tela told this version differently before"))
    return "; ".join(parts)


def gap_words(*, is_first: bool) -> str:
    """What is not known between two looks, or before the first."""
    if is_first:
        return _("Earlier states, if there were any, are not known.")
    return _("States between these two looks, if there were any, are not known.")


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
            return _("Personal data erased under request %(number)d") % {"number": version.erasure or 0}
    if before is not None and before.status != version.status:
        return _("From %(before)s to %(after)s") % {
            "before": _lowered(before.status),
            "after": _lowered(version.status),
        }
    count = len(told_paths(version.changed_paths))
    if not count:
        return _("Touched in Tela, nothing else changed")
    return ngettext("%(count)d field changed", "%(count)d fields changed", count) % {"count": count}


def _who(person: str | None, *, erased: bool) -> str:
    return person_shown(person) or (_("somebody whose name was erased") if erased else _("somebody unknown"))


def _approval(version: TaskVersion) -> str:
    who = _who(version.approved_by, erased=version.erasure is not None)
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
