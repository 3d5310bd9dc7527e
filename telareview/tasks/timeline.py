"""One history of a task from two sources: the versions we observed, and those Tela tells.

Both are put in the order of Tela's clock. An entry of Tela's that is a state we observed is shown once, with it. Where
states may have come and gone between two looks, and Tela's own history does not reach that far, a gap is noted.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from telareview.accounts.models import Workspace
from telareview.tasks.acts import ReviewAct, acts_of
from telareview.tasks.facts import content_hash
from telareview.tasks.models import Kind, Payload, TaskVersion, ToldVersion
from telareview.tasks.told import told_of
from telareview.tela import canonical_json, decode

#: Versions shown of each source; a task with more shows its newest.
MAX_VERSIONS = 500
#: Payloads that are read to compare outputs, together, about a second's work; the rest is left apart. Characters.
MAX_READ_CHARACTERS = 20_000_000
MILLISECOND = dt.timedelta(milliseconds=1)
#: An entry of Tela's may be stamped so much later than the task's own change that made it.
SAME_WRITE = dt.timedelta(seconds=1)
#: Kinds that are no state of Tela's, so nothing Tela tells can be one of them.
OURS_ALONE = (Kind.GONE, Kind.ERASED)


@dataclass(frozen=True, slots=True)
class State:
    """One state of a task: observed by us (`version`), told by Tela (`told`), or both."""

    #: By Tela's clock; for what Tela has no clock for (a task no longer served) ours.
    at: dt.datetime
    version: TaskVersion | None = None
    told: ToldVersion | None = None
    #: Whether Tela has told this entry differently before.
    retold: bool = False
    #: Whether there may have been states before this one, and after the one before, that nobody has told.
    gap: bool = False
    #: What people here did that it came of.
    acts: tuple[ReviewAct, ...] = ()


def history(workspace: Workspace, task_id: UUID, *, told_until: dt.datetime | None = None) -> list[State]:
    """A task's states, oldest first. Three statements, and two more where outputs have to be compared.

    `told_until`: when Tela was last asked and told its history, if that was just now; what is stored says it otherwise.
    """
    versions = list(TaskVersion.objects.of_task(workspace, task_id)[:MAX_VERSIONS])[::-1]
    entries = told_of(workspace, task_id)
    states = _in_order(_observed(versions), _told(entries, versions)[-MAX_VERSIONS:])
    states = _joined_by_time(states)
    states = _joined_by_content(states)
    learned = [entry.observed_at for entry, _retold in entries]
    first = entries[0][0].told_version if entries else 1
    told_until = max([*learned, *([told_until] if told_until and entries else [])], default=None)
    return _with_acts(_with_gaps(states, first, told_until), acts_of(workspace, task_id))


def _observed(versions: Sequence[TaskVersion]) -> list[State]:
    """In the order of their numbers, whatever the stamps say."""
    states: list[State] = []
    for version in versions:
        at = version.observed_at if version.kind in OURS_ALONE else version.updated_at
        states.append(State(max(at, states[-1].at) if states else at, version=version))
    return states


def _told(entries: Iterable[tuple[ToldVersion, bool]], versions: Sequence[TaskVersion]) -> list[State]:
    """An entry without a time stands beside the one before it, the first one at the task's creation."""
    at = versions[0].created_at if versions else dt.datetime.min.replace(tzinfo=dt.UTC)
    states = []
    for entry, retold in entries:
        at = entry.changed_at or at
        states.append(State(at, told=entry, retold=retold))
    return states


def _in_order(*sources: list[State]) -> list[State]:
    """By Tela's clock; of equal moments what is told alone comes first, for it is the way to what was seen."""

    def place(state: State) -> tuple[dt.datetime, bool, int]:
        number = state.version.number if state.version else state.told.told_version if state.told else 0
        return state.at, state.version is not None, number

    return sorted((state for source in sources for state in source), key=place)


def _joined_by_time(states: list[State]) -> list[State]:
    """Entries stamped with an observed state's millisecond are that state, or with the one beside it and its status.

    Of several of one millisecond the last: it is what a look at the task would have shown.
    """
    told_at: dict[int, list[State]] = defaultdict(list)
    for state in states:
        if state.told and state.told.changed_at:
            told_at[_milliseconds(state.told.changed_at)].append(state)
    pairs: dict[int, State] = {}
    for shift in (0, -1, 1):
        for state in states:
            version = state.version
            if version is None or version.kind in OURS_ALONE or version.pk in pairs:
                continue
            near = told_at[_milliseconds(version.updated_at) + shift]
            if near and (shift == 0 or _same_status(near[-1], state)):
                pairs[version.pk] = near.pop()
    return _joined(states, pairs)


def _joined_by_content(states: list[State]) -> list[State]:
    """Entries beside an observed state with the same status and output are that state: its tags changed, say.

    Tela told it before and we saw it then; or it was stamped a moment later than the task itself.
    """
    candidates: list[tuple[State, State]] = []
    for earlier, later in pairwise(states):
        if _alike(told=later, seen=earlier) and later.at - earlier.at <= SAME_WRITE:
            candidates.append((later, earlier))
        if _alike(told=earlier, seen=later):
            candidates.append((earlier, later))
    if not candidates:
        return states
    seen = _outputs(Payload.objects.all(), [state.version.pk for _told, state in candidates if state.version])
    # An erased entry has no output left.
    told = _outputs(
        ToldVersion.objects.filter(salt__isnull=False), [state.told.pk for state, _seen in candidates if state.told]
    )
    pairs: dict[int, State] = {}
    for entry, state in candidates:
        if not entry.told or not state.version or state.version.pk in pairs or entry in pairs.values():
            continue
        output = seen.get(state.version.pk)
        if output is not None and output == told.get(entry.told.pk):
            pairs[state.version.pk] = entry
    return _joined(states, pairs)


def _alike(*, told: State, seen: State) -> bool:
    """Whether one is told alone, the other seen alone, and both have the same status."""
    return (
        told.version is None
        and told.told is not None
        and seen.told is None
        and seen.version is not None
        and seen.version.kind not in OURS_ALONE
        and _same_status(told, seen)
    )


def _same_status(told: State, seen: State) -> bool:
    return bool(told.told and seen.version and told.told.status == seen.version.status)


def _outputs(rows: QuerySet[Any], keys: list[int]) -> dict[int, bytes]:
    """The hash of the output in each of these rows' texts, the newest first, until they become too much to read."""
    texts = rows.filter(pk__in=keys).order_by("-pk").values_list("pk", "text").iterator(chunk_size=2)
    outputs: dict[int, bytes] = {}
    read = 0
    for key, text in texts:
        read += len(text)
        if read > MAX_READ_CHARACTERS:
            break
        outputs[key] = content_hash(canonical_json(decode(text.encode()).get("outputContent")))
    return outputs


def _joined(states: list[State], pairs: dict[int, State]) -> list[State]:
    """Each pair as one state, at the place of the observed one."""
    taken = {state.told.pk for state in pairs.values() if state.told}
    joined = []
    for state in states:
        if state.version and (entry := pairs.get(state.version.pk)):
            joined.append(replace(state, told=entry.told, retold=entry.retold))
        elif not (state.version is None and state.told and state.told.pk in taken):
            joined.append(state)
    return joined


def _with_gaps(states: list[State], first: int, told_until: dt.datetime | None) -> list[State]:
    """Note where something may be missing: between two looks that Tela's history does not reach, and at the start."""
    noted: list[State] = []
    before: TaskVersion | None = None
    for place, state in enumerate(states):
        version = state.version
        gap = False
        if version is not None:
            known_before = before.number == version.number - 1 if before else version.number == 1
            gap = known_before and gap_before(version, before, state.at, told_until)
            before = version
        elif place == 0 and state.told:
            gap = 1 < first == state.told.told_version
        noted.append(replace(state, gap=gap))
    return noted


def _with_acts(states: list[State], acts: Iterable[ReviewAct]) -> list[State]:
    """Each act at the state that came of it, or at the first one known since."""
    done: dict[int, list[ReviewAct]] = defaultdict(list)
    for act in acts:
        found = (
            place
            for place, state in enumerate(states)
            if state.at >= act.state_updated_at and not (state.version and state.version.kind in OURS_ALONE)
        )
        if (place := next(found, None)) is not None:
            done[place].append(act)
    return [replace(state, acts=tuple(done[place])) if place in done else state for place, state in enumerate(states)]


def gap_before(
    version: TaskVersion, before: TaskVersion | None, at: dt.datetime, told_until: dt.datetime | None
) -> bool:
    """Whether there may have been states before this one, which stands `at` a moment, that nobody has seen or told.

    `before` is the version before it, None for the first; `told_until` is when Tela last told its own history.
    """
    if version.kind == Kind.ERASED:
        # No look at Tela: what may lie before the next look is said there.
        return False
    reached = told_until is not None and min(version.observed_at, at) <= told_until
    came_before = before.observed_at < at if before else version.created_at < at - MILLISECOND
    return came_before and not reached


def _milliseconds(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1000)
