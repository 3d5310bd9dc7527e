"""`python -m telareview.sync.reader`: a process that reads pages for another one (see `readers`).

Replies come pickled by its standard input, pages leave by its standard output, until the input ends: so it goes with
the process that started it, however that one ends. It knows neither database nor settings nor key.
"""

import gc
import pickle
import signal
import sys
from typing import BinaryIO

from telareview.sync.prepared import PreparedPage, read_prepared
from telareview.tela import TelaError

#: New objects after which Python looks for garbage that refers to itself; it counts those of some ten pages. Decoded
#: JSON holds no cycles, and looking for them after each few hundred tasks took a tenth of a fill.
OBJECTS_A_COLLECTION = 200_000


def answer(questions: BinaryIO, answers: BinaryIO) -> None:
    """Say that it can begin (True), then a page for each reply; None for one that cannot be read."""
    page: PreparedPage | bool | None = True
    while True:
        pickle.dump(page, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
        try:
            reply, query = pickle.load(questions)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        try:
            page = read_prepared(reply, query)
        except TelaError:
            # Whoever asked reads it again and meets the error itself.
            page = None


def main() -> None:
    # Ctrl-C reaches the whole group; here the end of the input is the end, and nobody listens any more after it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    gc.set_threshold(OBJECTS_A_COLLECTION)
    answer(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
