"""A task's payload without the people in it, for members who may not see who they are."""

from typing import Any

from telareview.accounts.models import Workspace
from telareview.accounts.pseudonyms import ADDRESS, pseudonym

#: What the documents themselves hold is their own; telareview cannot tell a person in it from a supplier.
DOCUMENTS = frozenset(
    {"rawInput", "inputContent", "outputContent", "originalOutputContent", "output", "originalOutput"}
)
PEOPLE = frozenset({"createdBy", "approvedBy", "updatedBy", "changedBy", "author"})


def masked_payload(raw: Any, workspace: Workspace) -> Any:
    """The decoded payload with pseudonyms for whoever made, changed or approved it; documents stay as they are.

    Besides the places known to name people, every text that is an e-mail address is replaced.
    """

    def walk(value: Any, key: str = "") -> Any:
        match value:
            case dict():
                return {name: each if name in DOCUMENTS else walk(each, name) for name, each in value.items()}
            case list() | tuple():
                return [walk(each, key) for each in value]
            case str() if key in PEOPLE or ADDRESS.fullmatch(value):
                return pseudonym(value, workspace)
        return value

    return walk(raw)
