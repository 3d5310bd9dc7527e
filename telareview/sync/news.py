"""What the body of a webhook call names. Only ids and the word for what happened are read, and none of it is believed.

UnreadableBody          JSON, but no object
├── EmptyBody
├── BodyNotText
├── BodyNotJson
└── BodyTooDeep
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from telareview.tasks.facts import holdable

#: An id longer than this is no id; a digest of the body takes its place.
MAX_ID_CHARACTERS = 200
MAX_EVENT_CHARACTERS = 100

#: One spelling only: `UUID` itself also reads braces, `urn:uuid:` and 32 bare digits.
IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Keys by which the payload of a run (`webhook_url`) differs from that of an event.
RUN_KEYS = frozenset({"raw_input", "raw_output", "input_content", "output_content", "prompt_version_id"})


class UnreadableBody(Exception):
    """The body of the call is not a JSON object."""

    code = "unreadable_body"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


class EmptyBody(UnreadableBody):
    """The body of the call is empty."""

    code = "empty_body"


class BodyNotText(UnreadableBody):
    """The body of the call is not UTF-8 text."""

    code = "body_not_text"


class BodyNotJson(UnreadableBody):
    """The body of the call is not JSON."""

    code = "body_not_json"


class BodyTooDeep(UnreadableBody):
    """The body of the call is nested too deeply to be read."""

    code = "body_too_deep"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one call says happened, and to what. None of it is believed."""

    #: The call's own id, else a digest of its body.
    event_id: str
    #: Tela's word as it came (`task.approved`), or `run.` and the run's status; "" when not told.
    event: str
    task_id: UUID | None
    #: The run of a task whose own id was not told.
    completion_run_id: UUID | None

    @property
    def names_something(self) -> bool:
        """Whether there is anything to ask Tela for."""
        return self.task_id is not None or self.completion_run_id is not None


def read_news(body: bytes) -> News:
    """What a body names; whatever else stands in it is passed over. Raises UnreadableBody."""
    told = _json_object(body)
    task = told.get("task")
    is_run = "event" not in told and not RUN_KEYS.isdisjoint(told)
    if is_run:
        event = f"run.{told['status']}" if isinstance(told.get("status"), str) else "run"
        return News(
            # A run's id stays the same through all that is told of it.
            event_id=digest_id(body),
            event=_short(event),
            task_id=None,
            completion_run_id=_identity(told.get("id")),
        )
    named = told.get("id")
    fits = isinstance(named, str) and 0 < len(named) <= MAX_ID_CHARACTERS
    return News(
        event_id=holdable(named) or "" if fits else digest_id(body),
        event=_short(told.get("event")),
        task_id=_identity(task.get("id") if isinstance(task, dict) else told.get("taskId")),
        completion_run_id=None,
    )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        # Numbers stay text: none of them is needed, and none can be too large then.
        told = json.loads(body.decode().removeprefix("\ufeff"), parse_int=str, parse_float=str, parse_constant=str)
    except UnicodeDecodeError as error:
        raise BodyNotText from error
    except RecursionError as error:
        raise BodyTooDeep from error
    except ValueError as error:
        raise (BodyNotJson if body.strip() else EmptyBody) from error
    if not isinstance(told, dict):
        raise UnreadableBody
    return told


def _identity(told: object) -> UUID | None:
    return UUID(told) if isinstance(told, str) and IDENTITY.fullmatch(told) else None


def _short(told: object) -> str:
    return (holdable(told[:MAX_EVENT_CHARACTERS]) or "") if isinstance(told, str) else ""


def digest_id(body: bytes) -> str:
    """Stands for the id of a call that has none: the same body is the same call."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
