"""What a writer of files gets: the plan, the file, and the two things it has to do on the way."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telareview.exports.refusals import Stopped

if TYPE_CHECKING:
    from telareview.exports.plan import Plan

#: Writes the rows of a plan and says how many they were.
type Write = Callable[["Plan", "Sink"], int]


@dataclass(slots=True)
class Sink:
    """The unfinished file."""

    #: In a folder of its own, where a writer may put down what it needs on the way.
    path: Path
    #: Told the rows written so far, every few thousand of them.
    progress: Callable[[int], None]
    should_stop: Callable[[], bool]
    #: Set by a writer that looks: cells of more characters than Excel holds.
    over_long_cells: int | None = None
    _digest: Any = field(default=None, init=False)

    def passed(self, rows: int) -> None:
        """To be called between blocks, when so many rows are written. Raises Stopped."""
        if self.should_stop():
            raise Stopped
        self.progress(rows)

    @contextmanager
    def counted(self) -> Iterator[Callable[[bytes], None]]:
        """Takes the bytes of the file one after the other, and hashes them on the way."""
        self._digest = hashlib.sha256()
        with self.path.open("wb") as file:

            def put(block: bytes) -> None:
                file.write(block)
                self._digest.update(block)

            yield put

    def sha256(self) -> str:
        """Of the finished file, as hex; it is read once more where it was not written through `counted`."""
        if self._digest is not None:
            return str(self._digest.hexdigest())
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
