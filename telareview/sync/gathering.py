"""Several sources read at a time, what they yield taken by one: pages come over many connections, one writes them.

The mirror lets one writer in at a time anyway, and a thread that waits for the database gets Python's lock back late
where others compute; so threads only ask and read, and what has arrived meanwhile is written together. While it is
written, each source reads its next page.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

#: What is taken together at most, so that a commit stays short.
MOST_TOGETHER = 8
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

    `take` gets what has arrived, at most `together` items. A source reads at most MOST_AHEAD items ahead of what `take`
    has finished. Raises what `take` or a source raises, after all others have ended at their next item; what had
    arrived by then was taken.
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
            try:
                while reading and (not batch or (len(batch) < together and not arrived.empty())):
                    each = arrived.get()
                    if each is None:
                        reading -= 1
                    else:
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
