"""Text that comes to life in no spreadsheet, whichever delimiter the file is read with.

An apostrophe goes before every sign that could begin a formula: at the start of the cell, and after every character
that another reader may take for the end of a cell; blanks and quotes between are passed over. Line breaks and tabs
become blanks. Quoting everything and one leading apostrophe, the usual advice, leaves a fifth of hostile cells alive
for a reader with another delimiter.
"""

import re
from typing import Any

from django.db.models import Func, TextField

#: Excel, LibreOffice and Google's sheets begin a formula with these; full and small forms are read as the plain ones.
SIGNS = r"=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212-"
#: What some reader may take for the end of a cell.
ENDS = ",;|"
#: What readers pass over before a formula: blanks that are seen and those that are not, and quotes.
PASSED = r"""\u0001-\u0020"'\u007f-\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"""
BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
LIVE = f"(^|[{ENDS}])([{PASSED}]*)([{SIGNS}])"
#: Whether anything has to be done: nearly no cell needs it.
NEEDED = f"(^|[{ENDS}])[{PASSED}]*[{SIGNS}]|[{BREAKS}]"
_LIVE = re.compile(LIVE)
_BREAKS = str.maketrans(BREAKS, " " * len(BREAKS))


def guarded(text: str) -> str:
    """The text without a formula in it; the same as `Guarded` in SQL."""
    return _LIVE.sub(r"\1\2'\3", text.translate(_BREAKS))


class Guarded(Func):
    """`guarded` in SQL, of an expression that is text; null stays null."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        text, values = compiler.compile(self.source_expressions[0])
        flat = [*values, BREAKS, " " * len(BREAKS)]
        return (
            f"CASE WHEN {text} ~ %s THEN regexp_replace(translate({text}, %s, %s), %s, %s, 'g') ELSE {text} END",
            [*values, NEEDED, *flat, LIVE, r"\1\2'\3", *values],
        )
