"""The space that files of exports may take: bounded, so that a disk full of them never stops the database."""

import os
import shutil
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from telareview.exports.spool import spool_folder
from telareview.web.times import file_size_text

#: Left free on the disk whatever the bound says: the database may lie on the same one.
SPARE_BYTES = 200_000_000
#: Asked again whenever a file has grown by so much.
EVERY_BYTES = 16_000_000


class NoSpace(OSError):
    """The space for exports is full."""


@dataclass(frozen=True, slots=True)
class Space:
    """In bytes."""

    used: int
    bound: int

    @property
    def is_full(self) -> bool:
        return self.used >= self.bound

    @property
    def percent(self) -> int:
        return min(100, 100 * self.used // max(1, self.bound))


def space() -> Space:
    """What files take now, finished or not, and what they may: the bound, or less where the disk is nearly full."""
    folder = spool_folder()
    used = 0
    for where, _folders, names in os.walk(folder):
        for name in names:
            try:
                used += os.stat(os.path.join(where, name)).st_size
            except FileNotFoundError:
                continue
    free = shutil.disk_usage(folder).free
    return Space(used, max(0, min(settings.EXPORT_SPACE_BYTES, used + free - SPARE_BYTES)))


def demand_space() -> None:
    """Raises NoSpace, with a sentence, when no more may be written."""
    now = space()
    if now.is_full:
        raise NoSpace(no_space_sentence(now))


def no_space_sentence(now: Space) -> str:
    """What is full, and what helps."""
    language = get_language() or "en"
    return _(
        "The space for exported files is full (%(used)s of %(bound)s). Delete files that are no longer needed on the "
        "page of exports, or wait until they expire."
    ) % {"used": file_size_text(now.used, language), "bound": file_size_text(now.bound, language)}
