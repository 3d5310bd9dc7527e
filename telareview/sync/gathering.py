"""Several sources read at a time, what they yield taken by one: pages come over many connections, one writes them.

The mirror lets one writer in at a time anyway, and a thread that waits for the database gets Python's lock back late
where others compute; so threads only ask and read, and what has arrived meanwhile is written together. While it is
written, each source reads its next page.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

#: What is taken together at most, so that a commit stays short.
MOST_TOGETHER = 8
#: What is waited for, and how long in all, so that a commit is worth it: four pages written together cost a quarter
#: less than four written one by one.
LEAST_TOGETHER, LINGER_SECONDS = 4, 0.1
#: Items of one source that were read and not taken yet, at most: one is being taken while the next is read.
MOST_AHEAD = 2


def gather[Item](
    sources: Sequence[Callable[[], Iterable[Item]]],
    take: Callable[[list[Item]], None],
    *,
    threads: int,
    together: int = MOST_TOGETHER,
) -> None:
    """Hand every item of all sources to `take`, called in this thread; each source's items in order.

    `take` gets what has arrived, at most `together` items, and a little is waited where only few have. A source reads
    at most MOST_AHEAD items ahead of what `take` has finished. Raises what `take` or a source raises, after all others
    have ended at their next item; what had arrived by then was taken.
    """
    arrived: queue.SimpleQueue[tuple[Item, threading.Semaphore] | None] = queue.SimpleQueue()
    stop = threading.Event()
    errors: list[BaseException] = []

    def read(source: Callable[[], Iterable[Item]]) -> None:
        room = threading.Semaphore(MOST_AHEAD)
        try:
            room.acquire()
            for item in () if stop.is_set() else source():
                arrived.put((item, room))
                room.acquire()
                if stop.is_set():
                    return
        except BaseException as error:
            errors.append(error)
            stop.set()
        finally:
            arrived.put(None)

    reading, refused = len(sources), False
    with ThreadPoolExecutor(threads, thread_name_prefix="gather") as pool:
        for source in sources:
            pool.submit(read, source)
        while reading:
            batch: list[tuple[Item, threading.Semaphore]] = []
            linger_until = 0.0
            try:
                while reading and len(batch) < together:
                    # More than they may read ahead will not come from those that still read.
                    least = min(LEAST_TOGETHER, together, MOST_AHEAD * min(threads, reading))
                    try:
                        each = arrived.get(timeout=_patience(len(batch), least, linger_until))
                    except queue.Empty:
                        break
                    if each is None:
                        reading -= 1
                    else:
                        linger_until = linger_until or time.monotonic() + LINGER_SECONDS
                        batch.append(each)
                if batch and not refused:
                    take([item for item, _room in batch])
            except BaseException as error:
                refused = True
                errors.insert(0, error)
                stop.set()
            finally:
                for _item, room in batch:
                    room.release()
    if errors:
        raise errors[0]


def _patience(got: int, least: int, linger_until: float) -> float | None:
    """Seconds to wait for one more: for the first as long as it takes, for some more a little, then not at all."""
    if not got:
        return None
    return max(0.0, linger_until - time.monotonic()) if got < least else 0.0
