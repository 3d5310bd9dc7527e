"""Marks that turn the direction of writing, made visible: `gpj.exe` must not be read as `exe.jpg`.

U+202E in the name of a task lets the rest of it, and of what stands behind it, be shown backwards.
"""

import html
import re

#: Embeddings, overrides and isolates with their ends, and the marks without width.
DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
MARKS = re.compile(f"[{DIRECTIONS}]")
#: Nearly no text of a table holds one of these, and one search is four times as quick as six replacements.
SPECIAL = re.compile(f"[&<>\"'{DIRECTIONS}]")


def show_marks(text: str) -> str:
    """`text` with every such mark as its `\\u` escape, as the raw view shows them; all else, and its order, stays."""
    return text if text.isascii() else MARKS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def escape(text: str) -> str:
    """`text` for markup, quotes included, with its marks shown."""
    return html.escape(show_marks(text)) if SPECIAL.search(text) else text
