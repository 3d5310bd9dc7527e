"""How an edit is laid over the current output: objects key by key, lists of another length replaced whole.

Nothing is changed in place: unchanged parts are shared between the old and the new value, so keeping every state of a
task costs little.
"""

from typing import Any, NamedTuple


class Change(NamedTuple):
    """One changed place: `path` as `total.valor` or `itens[2].descricao`, and what stood there (None: nothing)."""

    path: str
    previous: Any


def overlay(current: Any, patch: Any, path: str = "") -> tuple[Any, list[Change]]:
    """The value after the edit, and the places that changed."""
    if isinstance(current, dict) and isinstance(patch, dict):
        merged, changes = dict(current), []
        for key, value in patch.items():
            place = f"{path}.{key}" if path else key
            if key in current:
                merged[key], found = overlay(current[key], value, place)
                changes += found
            else:
                merged[key] = value
                changes.append(Change(place, None))
        return merged, changes
    if isinstance(current, list) and isinstance(patch, list) and len(current) == len(patch):
        pairs = [overlay(old, new, f"{path}[{n}]") for n, (old, new) in enumerate(zip(current, patch, strict=True))]
        return [value for value, _ in pairs], [change for _, found in pairs for change in found]
    if type(current) is type(patch) and current == patch:
        return current, []
    return patch, [Change(path or "content", current)]
