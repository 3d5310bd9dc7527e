"""Small files that only their owner may read. Knows no Django."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, make: Callable[[], str]) -> str:
    """The text of `path`; where it is missing, what `make` gives, written in one step and readable by the owner alone.

    Of several processes that do this at the same time all get the same text.
    """
    if not path.exists():
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with open(descriptor, "w") as file:
                file.write(make())
            # Fails where another process was faster: then its text counts.
            os.link(unfinished, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(unfinished)
    return path.read_text()
