"""What has to be sent so that Tela's output becomes the edited one, by the documented rules of `PATCH /task/{id}`.

Objects are merged key by key. A list of another length takes the place of the stored one; one of the same length is
merged item by item, so a list is always sent whole, which comes to the same under either reading. Nothing is known
that takes a key away: `null` is a value like others. Pure code.
"""

from collections.abc import Iterator

from telareview.tasks.diff import MISSING, Json, Missing, Path
from telareview.tela.wire import canonical_json


class Inexpressible(ValueError):
    """The edit takes away what Tela's way of merging leaves standing. `paths` are the places."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__(paths)
        self.paths = paths


def deep_merge(current: Json, patch: Json) -> Json:
    """What stands in Tela after `patch` was laid over `current`."""
    if isinstance(current, dict) and isinstance(patch, dict):
        laid = {key: deep_merge(current[key], value) if key in current else value for key, value in patch.items()}
        return current | laid
    if isinstance(current, list) and isinstance(patch, list) and len(current) == len(patch):
        return [deep_merge(old, new) for old, new in zip(current, patch, strict=True)]
    return patch


def minimal_patch(current: Json, edited: Json) -> Json | Missing:
    """The least that makes `edited` out of `current`: `deep_merge(current, patch)` is `edited`. MISSING: no change.

    Raises Inexpressible where the edit takes keys away that merging would leave, and for an output emptied to `null`,
    which Tela does not take.
    """
    left = tuple(_left_standing(current, edited, ()))
    if left or (edited is None and current is not None):
        raise Inexpressible(left or ((),))
    return _patch(current, edited)


def _patch(current: Json, edited: Json) -> Json | Missing:
    if isinstance(current, dict) and isinstance(edited, dict):
        parts = {key: _patch(current[key], value) if key in current else value for key, value in edited.items()}
        changed = {key: part for key, part in parts.items() if part is not MISSING}
        return changed or MISSING
    return MISSING if same_json(current, edited) else edited


def same_json(one: Json | Missing, other: Json | Missing) -> bool:
    """Whether two values are the same to the digit; `1` and `1.0`, `true` and `1` are not."""
    if one is MISSING or other is MISSING:
        return one is other
    if type(one) is not type(other):
        return False
    if isinstance(one, str | bool | None):
        return one == other
    return canonical_json(one) == canonical_json(other)


def _left_standing(current: Json, edited: Json, path: Path) -> Iterator[Path]:
    """The keys that are not in `edited`, but would be there after any patch."""
    if isinstance(current, dict) and isinstance(edited, dict):
        for key, value in current.items():
            if key in edited:
                yield from _left_standing(value, edited[key], (*path, key))
            else:
                yield (*path, key)
    elif isinstance(current, list) and isinstance(edited, list) and len(current) == len(edited):
        for at, (old, new) in enumerate(zip(current, edited, strict=True)):
            yield from _left_standing(old, new, (*path, at))
