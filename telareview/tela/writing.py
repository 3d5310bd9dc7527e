"""The client that may change things in Tela: each change is sent once, and what became of it is never guessed.

A write is not repeated here. When its answer is lost, `AnswerLost` says so, and whoever sent it looks in Tela for what
it would have made (by its marker, or by reading the task again) before sending anything more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from telareview.tela.client import TelaClient
from telareview.tela.errors import (
    AnswerLost,
    NoAnswer,
    ReplyTooLarge,
    ServerFailed,
    TelaError,
    UnreadableReply,
    WriteRefused,
)
from telareview.tela.fields import UnreadableRow, kind_of, uuid_or_none
from telareview.tela.records import TaskRecord
from telareview.tela.secret import Secret

#: Tasks that one `POST /task` may create; all of one app.
MOST_AT_ONCE = 100
#: A header of this beginning goes along with the webhooks of the task that is being created, without it.
FORWARD = "x-tela-forward-"

type Headers = Mapping[str, str | Secret]


class WritingClient(TelaClient):
    """A `TelaClient` that may also change things. Cannot be made unless writing is `allowed`: raises WriteRefused."""

    may_write: ClassVar[bool] = True

    def __init__(self, base_url: str, api_key: Secret | str, *, allowed: bool, **options: Any) -> None:
        if allowed is not True:
            raise WriteRefused
        super().__init__(base_url, api_key, **options)

    def write[T](
        self, verb: str, path: str, body: Any, *, read: Callable[[Any], T], headers: Headers | None = None
    ) -> T:
        """Send one change, once, and `read` the decoded reply.

        Raises AnswerLost when it may have been carried out; any other TelaError when it surely was not: Refused (with
        UpdateFailed, Forbidden, Conflict …) by Tela's word, ConnectFailed and WriteRefused because nothing left.
        """
        try:
            return read(self.request(verb, path, body=body, headers=headers))
        except UnreadableRow as problem:
            lost = AnswerLost(str(problem))
        except TelaError as error:
            if not _may_be_done(error):
                raise
            lost = AnswerLost(str(error), status=error.status, request_id=error.request_id)
        # Outside of the handlers, so that no frame that holds a request or a reply hangs on it.
        raise lost

    def create_tasks(
        self, bodies: Sequence[Mapping[str, Any]], headers: Headers | None = None
    ) -> tuple[TaskRecord, ...]:
        """`POST /task` for 1 to MOST_AT_ONCE tasks of one app: what Tela made, in its order. Raises as `write`."""
        return self.write("POST", "/task", creation_body(bodies), read=read_created, headers=headers)

    def complete(self, body: Mapping[str, Any], headers: Headers | None = None) -> UUID:
        """`POST /v2/chat/completions` for an app: the id Tela answers, of the task or of its run. Raises as `write`."""
        return self.write("POST", "/v2/chat/completions", body, read=read_completion, headers=headers)

    def change_task(self, task_id: UUID, body: Mapping[str, Any]) -> TaskRecord:
        """`PATCH /task/{id}`: the task as it is afterwards. Raises as `write`; UpdateFailed while it runs."""
        return self.write("PATCH", f"/task/{UUID(str(task_id))}", body, read=read_changed(task_id))


def creation_body(bodies: Sequence[Mapping[str, Any]]) -> Any:
    """What is posted: one object for one task, else an array. Raises ValueError beyond MOST_AT_ONCE, or for none."""
    if not 1 <= len(bodies) <= MOST_AT_ONCE:
        raise ValueError(f"Between 1 and {MOST_AT_ONCE} tasks are created at once.")
    return bodies[0] if len(bodies) == 1 else list(bodies)


def read_created(reply: Any) -> tuple[TaskRecord, ...]:
    """The tasks in the reply of a creation: an array, also for one; a bare object is taken as well."""
    rows = reply if isinstance(reply, list) else [reply]
    return tuple(TaskRecord.from_json(_object(row)) for row in rows)


def read_completion(reply: Any) -> UUID:
    """The id in the reply of a completion."""
    identity = uuid_or_none(_object(reply).get("id"))
    if identity is None:
        raise UnreadableReply("The completion has no readable id.")
    return identity


def read_changed(task_id: UUID) -> Callable[[Any], TaskRecord]:
    """A reader of the task in the reply of a change; another task is unreadable."""

    def read(reply: Any) -> TaskRecord:
        record = TaskRecord.from_json(_object(reply))
        if record.id != task_id:
            raise UnreadableReply("Another task came than the one that was to be changed.")
        return record

    return read


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableReply(f"The reply is {kind_of(value)}, not a task.")
    return value


def _may_be_done(error: TelaError) -> bool:
    """Whether Tela may have carried it out although it did not say so."""
    if isinstance(error, NoAnswer):
        return not error.nothing_left
    return isinstance(error, ServerFailed | UnreadableReply | ReplyTooLarge)
