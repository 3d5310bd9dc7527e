"""What one comparison may cost."""

from dataclasses import dataclass

#: JSON text that is compared while somebody waits, all of it together: two payloads of ten megabytes. Characters.
MAX_COMPARED_CHARACTERS = 24_000_000
#: Commas in it, of which there is nearly one to each place; a place costs what twenty characters do.
MAX_COMPARED_COMMAS = 1_200_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one comparison. The edit script is exact under all of them; what is cut, the result says."""

    #: Changes kept for display; all are counted.
    max_changes: int = 500
    #: Steps for aligning lists, in everything that grows faster than their size; about 1 µs each.
    max_steps: int = 300_000
    #: Places that are edited one by one, and items that a list may have between its first and last difference;
    #: objects and lists beyond that are told as a whole.
    max_edits: int = 250_000
    #: Levels of objects and lists to look inside; what lies deeper is told as a whole.
    max_depth: int = 100


def is_too_large(*texts: str) -> bool:
    """Whether comparing these JSON texts takes longer than somebody waits for a page; known without reading them."""
    return (
        sum(map(len, texts)) > MAX_COMPARED_CHARACTERS or sum(text.count(",") for text in texts) > MAX_COMPARED_COMMAS
    )
