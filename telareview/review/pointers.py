"""Places of a draft as names of form fields: JSON Pointers (`/itens/0/descricao`), which say any key."""

from telareview.tasks.diff import Path


def pointer(path: Path) -> str:
    """`("itens", 0, "a/b")` → `/itens/0/a~1b`; `()` → the empty text."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def parent_of(place: str) -> str:
    """The pointer of the object or list that holds this one."""
    return place.rpartition("/")[0]


def last_part(place: str) -> str:
    """The key or number that a pointer ends in."""
    return place.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
