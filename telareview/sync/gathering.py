"""Several sources read at a time, what they yield taken by one: pages come over many connections, one writes them.

The mirror lets one writer in at a time anyway, and a thread that waits for the database gets Python's lock back late
where others compute; so threads only ask and read, and what has arrived meanwhile is written together.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

#: What is taken together at most, so that a commit stays short.
MOST_TOGETHER = 8


def gather[Item](
    sources: Sequence[Callable[[], Iterable[Item]]], take: Callable[[list[Item]], None], *, threads: int
) -> None:
    """Hand every item of all sources to `take`, called in this thread; each source's items one by one, in order.

    A source goes on once its item was taken, so nothing is read ahead of what `take` has finished. Raises what `take`
    or a source raises, after all others have ended at their next item; what had arrived by then was taken.
    """
    arrived: queue.SimpleQueue[tuple[Item, threading.Event] | None] = queue.SimpleQueue()
    stop = threading.Event()
    errors: list[BaseException] = []

    def read(source: Callable[[], Iterable[Item]]) -> None:
        try:
            for item in () if stop.is_set() else source():
                taken = threading.Event()
                arrived.put((item, taken))
                taken.wait()
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
            together: list[tuple[Item, threading.Event]] = []
            try:
                while reading and (not together or (len(together) < MOST_TOGETHER and not arrived.empty())):
                    each = arrived.get()
                    if each is None:
                        reading -= 1
                    else:
                        together.append(each)
                if together and not refused:
                    take([item for item, _taken in together])
            except BaseException as error:
                refused = True
                errors.insert(0, error)
                stop.set()
            finally:
                for _item, taken in together:
                    taken.set()
    if errors:
        raise errors[0]
