"""Places in a JSON value: how they are written, and which leaves differ between two values."""

import re
from collections.abc import Iterator
from itertools import islice

from telareview.tasks.diff.identity import Identities
from telareview.tasks.diff.values import MISSING, Decoded, Json, Missing, Path

#: Changed paths that are kept of one version.
MAX_CHANGED_PATHS = 200
#: Longer keys and longer paths are cut, and no longer read back: a key may be as long as a payload, and stand in the
#: path of every change.
MAX_KEY_CHARACTERS = 500
MAX_PATH_CHARACTERS = 2_000
CUT = "…"

_PLAIN_KEY = re.compile(r"[\w$@-](?:[\w $@:-]*[\w$@:-])?")
_LIKE_INDEX = re.compile(r"[0-9]+")


def show_path(path: Path) -> str:
    """`("itens", 2, "descricao")` → `itens[2].descricao`; `()` → the empty text.

    A key that would read as something else is quoted: `total["a.b"]`, `["0"]`, `[""]`; in quotes `\\` and `"` have a
    backslash before them. `telareview.tela.paths.parse_path` reads it back.
    """
    shown = ""
    for part in path:
        if len(shown) > MAX_PATH_CHARACTERS:
            return shown + CUT
        if isinstance(part, int):
            shown += f"[{part}]"
        elif len(part) > MAX_KEY_CHARACTERS:
            shown += f".{part[:MAX_KEY_CHARACTERS]}{CUT}"
        elif _PLAIN_KEY.fullmatch(part) and not _LIKE_INDEX.fullmatch(part):
            shown += f".{part}" if shown else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            shown += f'["{quoted}"]'
    return shown


def leaf_paths(value: Decoded, path: Path = ()) -> Iterator[Path]:
    """Paths of all scalars and empty containers in the order of the document, each below `path`. Does not recurse."""
    waiting: list[tuple[Json, Path]] = [(value, path)]
    while waiting:
        value, path = waiting.pop()
        if value and isinstance(value, dict):
            waiting.extend((value[key], (*path, key)) for key in reversed(value))
        elif value and isinstance(value, list):
            waiting.extend((value[at], (*path, at)) for at in reversed(range(len(value))))
        else:
            yield path


def changed_leaf_paths(left: Decoded, right: Decoded, *, limit: int = MAX_CHANGED_PATHS) -> tuple[str, ...]:
    """Leaves that differ, as shown paths of the right side (of the left where something was removed).

    At most `limit`, the first of the document; exactly `limit` may therefore mean more. Formatting counts. Lists are
    not aligned as in `diff`: equal items at both ends are left out, the rest is compared position by position.
    """
    paths = (show_path(path) for path in _changed(left, right))
    return tuple(islice(dict.fromkeys(islice(paths, 2 * limit)), limit))


def _changed(left: Json, right: Json) -> Iterator[Path]:
    identities = Identities()
    waiting: list[tuple[Json | Missing, Json | Missing, Path]] = [(left, right, ())]
    while waiting:
        before, after, path = waiting.pop()
        if after is MISSING:
            if before is not MISSING:
                yield from leaf_paths(before, path)
        elif before is MISSING:
            yield from leaf_paths(after, path)
        elif identities.same(before, after):
            continue
        elif isinstance(before, dict) and isinstance(after, dict):
            keys = [*before, *(key for key in after if key not in before)]
            waiting.extend((before.get(key, MISSING), after.get(key, MISSING), (*path, key)) for key in reversed(keys))
        elif isinstance(before, list) and isinstance(after, list):
            waiting.extend(reversed(list(_side_by_side(before, after, path, identities))))
        else:
            yield from leaf_paths(after, path)


def _side_by_side(
    before: list[Json], after: list[Json], path: Path, identities: Identities
) -> Iterator[tuple[Json | Missing, Json | Missing, Path]]:
    left, right = identities.of_each(before), identities.of_each(after)
    shorter = min(len(left), len(right))
    start = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    for at in range(start, max(len(before), len(after)) - end):
        one: Json | Missing = before[at] if at < len(before) - end else MISSING
        other: Json | Missing = after[at] if at < len(after) - end else MISSING
        yield one, other, (*path, at)
