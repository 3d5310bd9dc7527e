"""The API client: what telareview asks of Tela, and how often it asks again."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, ClassVar, Self
from uuid import UUID

from telareview.tela.errors import BadRequest, BudgetSpent, Refused, TelaError, UnreadableReply, WrongKey
from telareview.tela.pages import RejectedRow, TaskPage, read_page, read_task, read_versions
from telareview.tela.query import TaskQuery
from telareview.tela.records import TaskRecord, VersionRecord
from telareview.tela.retry import RetryBudget, next_wait
from telareview.tela.secret import Secret
from telareview.tela.transport import Reply, Transport
from telareview.tela.wire import canonical_json, decode

#: Seconds for the connection to stand, each address of the host alike.
CONNECT_TIMEOUT_SECONDS = 5.0
#: Seconds of silence on an open connection.
READ_TIMEOUT_SECONDS = 30.0
#: Seconds from sending one call to the last byte of its reply, however it drips.
TOTAL_TIMEOUT_SECONDS = 60.0
#: Repetitions of one call; with the doubling waits about 8 s in all.
RETRIES = 4

#: Pages in a row without a task not yet met, after which a walk ends: the server ignores the offset.
STALE_PAGES = 3

logger = logging.getLogger("telareview.tela")


class TelaClient:
    """Reads tasks of the one workspace which the key reaches. Use it as a context manager; threads may share it.

    Every method raises a TelaError (`errors.py` draws the tree) and nothing else of the network's making. Safe calls
    are repeated by the rules of `retry.py`. Nothing but GET leaves it; `writing.py` has the client that may change.
    Times are in seconds. `sleep` and `chance` (0 to 1, for the jitter) are there for tests.
    """

    #: Whether other verbs than GET may leave.
    may_write: ClassVar[bool] = False

    def __init__(
        self,
        base_url: str,
        api_key: Secret | str,
        *,
        connect_timeout: float = CONNECT_TIMEOUT_SECONDS,
        read_timeout: float = READ_TIMEOUT_SECONDS,
        total_timeout: float = TOTAL_TIMEOUT_SECONDS,
        retries: int = RETRIES,
        budget: RetryBudget | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._transport = Transport(
            base_url,
            api_key if isinstance(api_key, Secret) else Secret(api_key),
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            total_timeout=total_timeout,
            allow_writes=self.may_write,
        )
        self._retries = retries
        self._budget = budget
        self._sleep = sleep
        self._chance = chance
        self._lock = threading.Lock()
        self._slept_seconds = 0.0
        self._at_once: AbstractContextManager[Any] = nullcontext()

    def __repr__(self) -> str:
        return f"<TelaClient {self._transport!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The client may be used again; it then opens new ones."""
        self._transport.close()

    @contextmanager
    def at_most(self, calls: int) -> Iterator[None]:
        """While the block runs, so many calls are on their way at a time; the others wait. To be entered once."""
        self._at_once = threading.BoundedSemaphore(calls)
        try:
            yield
        finally:
            self._at_once = nullcontext()

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port to which every call goes."""
        return self._transport.origin

    @property
    def waited_seconds(self) -> float:
        """Seconds spent in calls, until the last byte of each reply was read; summed over threads."""
        return self._transport.waited_seconds

    @property
    def slept_seconds(self) -> float:
        """Seconds slept before repetitions; not part of `waited_seconds`."""
        return self._slept_seconds

    @property
    def calls(self) -> int:
        """Calls sent, repetitions included."""
        return self._transport.calls

    def list_tasks(self, query: TaskQuery, read: Callable[[Reply, TaskQuery], TaskPage] = read_page) -> TaskPage:
        """One page of `GET /task`. Rows that cannot be read are in `.rejected`, not an error.

        `read` is what makes a page of a reply; it raises UnreadableReply, as `read_page` does.
        Tela's spelling of several ids is not settled: when the one is refused or ignored, the other is tried.
        """
        parameters = query.parameters()
        if not query.ids:
            return self._page(query, parameters, read)
        try:
            page = self._page(query, parameters, read)
            if _only_asked(page, query):
                return page
        except BadRequest:
            pass
        joined = [(name, _by_commas(query) if name == "ids" else value) for name, value in parameters]
        page = self._page(query, joined, read)
        if not _only_asked(page, query):
            raise UnreadableReply("Tela sent other tasks than those whose ids were asked for.")
        return page

    def iter_tasks(
        self, query: TaskQuery, *, on_rejected: Callable[[RejectedRow], None] | None = None
    ) -> Iterator[TaskRecord]:
        """Every task the query matches, each id once, page by page from its offset until a short page.

        While Tela changes, an offset walk may miss rows, and an answer that is empty by mistake ends it: ask with
        `order_by="createdAt"`, and let the pull, not this, fill a mirror. Rows that cannot be read go to
        `on_rejected`, or into the log as warnings; one that is met again may be reported again.
        """
        seen: set[UUID] = set()
        stale_pages = 0
        report = on_rejected or _log_rejected
        offset = query.offset
        full: int | None = None
        while True:
            page = self.list_tasks(query.replace(offset=offset))
            for row in page.rejected:
                report(row)
            fresh = [task for task in page.tasks if task.id not in seen]
            seen.update(task.id for task in fresh)
            yield from fresh
            # Repeated rows take no place of their own: an offset beyond the distinct ones would step over some.
            offset += len(page.tasks) + len({row.raw_json for row in page.rejected})
            stale_pages = 0 if fresh else stale_pages + 1
            if page.row_count == 0 or stale_pages == STALE_PAGES:
                return
            if page.total is not None:
                finished = offset >= page.total and page.row_count < query.limit
            else:
                # Tela may give fewer rows a page than asked. So a short first page only tells how long a full one is.
                finished = full is not None and page.row_count < min(full, query.limit)
                full = full or page.row_count
            if finished:
                return

    def get_task(self, task_id: UUID, *, include_analytics: bool = False) -> TaskRecord:
        """`GET /task/{id}`. Raises NotFound for what is deleted, and for what never was."""
        identity = _checked(task_id)
        parameters = [("includeAnalytics", "true")] if include_analytics else []
        return self._ask(f"/task/{identity}", parameters, lambda reply: read_task(reply, identity))

    def get_versions(self, task_id: UUID) -> tuple[VersionRecord, ...]:
        """`GET /task/{id}/versions`, newest first. NotFound may also mean that Tela no longer has this address."""
        identity = _checked(task_id)
        return self._ask(f"/task/{identity}/versions", [], lambda reply: read_versions(reply, identity))

    def check_key(self) -> None:
        """Return quietly when Tela accepts the key; raise WrongKey, or what else stands in the way.

        Asks `GET /api-key`, and where that address does not answer as expected, for a list of one task.
        """
        try:
            # Read outside of the repetitions: a web page at this address stays one.
            decode(self._ask("/api-key", [], lambda reply: reply.body))
        except WrongKey:
            raise
        except (Refused, UnreadableReply):
            self.list_tasks(TaskQuery(limit=1, exclude_input_output=True))

    def request(
        self,
        verb: str,
        path: str,
        *,
        parameters: Sequence[tuple[str, str]] = (),
        body: Any = None,
        headers: Mapping[str, str | Secret] | None = None,
    ) -> Any:
        """Any call, with `body` as JSON: the decoded reply, or None when it is empty. For what has no method yet.

        Raises WriteRefused for other verbs than GET unless `may_write`; those are sent once and never repeated.
        """
        octets = None if body is None else canonical_json(body).encode("ascii")
        return self._ask(
            path, parameters, lambda reply: decode(reply.body) if reply.body else None, verb, octets, headers
        )

    def _page(
        self,
        query: TaskQuery,
        parameters: Sequence[tuple[str, str]],
        read: Callable[[Reply, TaskQuery], TaskPage],
    ) -> TaskPage:
        return self._ask("/task", parameters, lambda reply: read(reply, query))

    def _ask[T](
        self,
        path: str,
        parameters: Sequence[tuple[str, str]],
        read: Callable[[Reply], T],
        verb: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str | Secret] | None = None,
    ) -> T:
        """Send the call, `read` its reply, and repeat both by the rules of `retry.py`."""
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._at_once:
                    reply = self._transport.exchange(verb, path, parameters, body, headers)
                return _read(reply, read)
            except TelaError as error:
                wait = next_wait(error, attempt=attempt, retries=self._retries, verb=verb, chance=self._chance())
                if wait is None:
                    raise
                if self._budget is not None and not self._budget.take(wait):
                    last = f"The last failure: {error}"
                    raise BudgetSpent(last, status=error.status, request_id=None) from error
            with self._lock:
                self._slept_seconds += wait
            self._sleep(wait)


def _read[T](reply: Reply, read: Callable[[Reply], T]) -> T:
    try:
        return read(reply)
    except UnreadableReply as error:
        failure = error
    failure.status, failure.request_id = reply.status, reply.request_id
    # Without the frames below and what they handled, whose variables hold the whole reply.
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


def _checked(task_id: UUID) -> UUID:
    return task_id if isinstance(task_id, UUID) else UUID(str(task_id))


def _by_commas(query: TaskQuery) -> str:
    return ",".join(str(task_id) for task_id in query.ids)


def _only_asked(page: TaskPage, query: TaskQuery) -> bool:
    return {task.id for task in page.tasks} <= set(query.ids)


def _log_rejected(row: RejectedRow) -> None:
    logger.warning("Row %d of a list of tasks was left out: %s", row.index, row.reason)
