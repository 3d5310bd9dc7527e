"""When a task is approved with revisions, and what the reviewer changed.

Tela tells a correction as an entry of `metadata.editedFields` and, apart from it, sends the output as the model gave
it and as it is now. Here both are read together. What Tela does not tell is left open, never guessed.
"""

from typing import Literal

type RevisionProcess = Literal["approvedDirectly", "approvedWithRevisions", "unknown", ""]

DIRECTLY: Literal["approvedDirectly"] = "approvedDirectly"
WITH_REVISIONS: Literal["approvedWithRevisions"] = "approvedWithRevisions"
UNKNOWN: Literal["unknown"] = "unknown"
