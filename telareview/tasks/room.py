"""How much of a payload's values one page shows, so that no payload makes a page that a browser stalls on."""

from django.utils.html import escape

from telareview.tasks.diff import Json
from telareview.tasks.raw_view import escape_unsendable, json_text
from telareview.web.times import middle_cut

#: Of one value; the whole stands in the download.
MAX_SHOWN_CHARACTERS = 4_000
#: Of all values of one table, as markup; beyond it each is cut shorter.
MAX_SHOWN_IN_ALL = 200_000
MAX_SHOWN_BEYOND = 200
#: Of one path.
MAX_PATH_CHARACTERS = 300
#: Of a name, in the list and as a heading.
MAX_NAME_CHARACTERS = 300
CUT = "…"


class Room:
    """What is left for the values of one table: each up to a bound, and less of each once the table has grown large."""

    def __init__(self) -> None:
        self._taken = 0
        #: Values that are not shown to their end.
        self.shortened = 0

    @property
    def most(self) -> int:
        """Characters that the next value may have."""
        return MAX_SHOWN_CHARACTERS if self._taken < MAX_SHOWN_IN_ALL else MAX_SHOWN_BEYOND

    def cut(self, value: Json, most: int) -> str:
        """A value as a cell says it: text as it is, everything else as JSON; with an ellipsis where it was cut."""
        text = value if isinstance(value, str) else json_text(value)
        # An escape is longer than what it stands for.
        shown = escape_unsendable(text[:most])
        if len(text) <= most and len(shown) <= most:
            return shown
        self.shortened += 1
        return shown[:most] + CUT

    def take(self, text: str) -> None:
        """Note that this text stands on the page."""
        self._taken += len(escape(text))

    def show(self, value: Json) -> str:
        """A value cut to what there is room for, and noted."""
        shown = self.cut(value, self.most)
        self.take(shown)
        return shown


def shown_place(path: str) -> str:
    """A path as a page shows it."""
    return middle_cut(escape_unsendable(path), MAX_PATH_CHARACTERS)


def shown_name(name: str | None) -> str:
    """A task's name as a page shows it; "" without one."""
    name = name or ""
    return name if len(name) <= MAX_NAME_CHARACTERS else name[:MAX_NAME_CHARACTERS] + CUT
