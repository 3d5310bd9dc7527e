"""Compares two JSON values by path: what was added, removed, changed, retyped, reformatted or moved, and what stayed.

Pure code: no database, no words for the screen.
"""

from telareview.tasks.diff.changes import tell
from telareview.tasks.diff.difference import Change, Counts, Difference
from telareview.tasks.diff.identity import Identities
from telareview.tasks.diff.inline import Marks, mark
from telareview.tasks.diff.limits import Limits, is_too_large
from telareview.tasks.diff.paths import changed_leaf_paths, leaf_paths, show_path
from telareview.tasks.diff.script import apply_script, write_script
from telareview.tasks.diff.values import MISSING, Decoded, Json, Kind, Missing, Path

__all__ = [
    "DEFAULT_LIMITS",
    "MISSING",
    "Change",
    "Counts",
    "Decoded",
    "Difference",
    "Json",
    "Kind",
    "Limits",
    "Marks",
    "Missing",
    "Path",
    "apply",
    "changed_leaf_paths",
    "diff",
    "is_too_large",
    "leaf_paths",
    "mark",
    "same",
    "show_path",
]

DEFAULT_LIMITS = Limits()


def diff(left: Decoded, right: Decoded, *, limits: Limits = DEFAULT_LIMITS) -> Difference:
    """How `right` differs from `left`, two values as decoded from JSON.

    Key order is no difference; every digit is (`1` → `1.0` is formatting only). Time and memory grow with the size
    of the values and no faster; 5 MB on each side take well under two seconds. Neither value may be changed
    afterwards while the result is in use: it shares their parts. Raises TypeError for what JSON cannot say.
    """
    return tell(left, write_script(left, right, Identities(), limits), max_changes=limits.max_changes)


def apply(left: Decoded, difference: Difference) -> Json:
    """The right value from the left one: the same canonical JSON text.

    `left` must be the value that `difference` was made from. The result shares parts with both values.
    """
    return apply_script(left, difference.script)


def same(left: Decoded, right: Decoded) -> bool:
    """Whether two values have the same canonical JSON text. Linear; raises TypeError for what JSON cannot say."""
    identities = Identities()
    return identities.of(left) == identities.of(right)
