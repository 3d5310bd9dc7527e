"""The client of Tela's task API. This is its one door; plain Python, `requests` underneath, no Django.

>>> with TelaClient("https://api.tela.com", Secret(key)) as tela:
...     page = tela.list_tasks(TaskQuery(status=("validating",), order_by="createdAt"))
"""

from telareview.tela.client import TelaClient
from telareview.tela.errors import (
    AnswerLost,
    BadRequest,
    Broken,
    BudgetSpent,
    Conflict,
    ConnectFailed,
    CutShort,
    Forbidden,
    LeftTheHost,
    NoAnswer,
    NotFound,
    RateLimited,
    Refused,
    ReplyTooLarge,
    ServerFailed,
    TelaError,
    TimedOut,
    UnreadableReply,
    UpdateFailed,
    WriteRefused,
    WrongKey,
)
from telareview.tela.fields import UnreadableRow
from telareview.tela.pages import RejectedRow, TaskPage, read_page
from telareview.tela.paths import parse_path
from telareview.tela.query import TaskQuery
from telareview.tela.records import EditedField, TaskRecord, VersionRecord
from telareview.tela.retry import RetryBudget
from telareview.tela.secret import Secret
from telareview.tela.transport import Reply
from telareview.tela.wire import canonical_decoded, canonical_json, decode, sorted_json
from telareview.tela.writing import WritingClient

__all__ = [
    "AnswerLost",
    "BadRequest",
    "Broken",
    "BudgetSpent",
    "Conflict",
    "ConnectFailed",
    "CutShort",
    "EditedField",
    "Forbidden",
    "LeftTheHost",
    "NoAnswer",
    "NotFound",
    "RateLimited",
    "Refused",
    "RejectedRow",
    "Reply",
    "ReplyTooLarge",
    "RetryBudget",
    "Secret",
    "ServerFailed",
    "TaskPage",
    "TaskQuery",
    "TaskRecord",
    "TelaClient",
    "TelaError",
    "TimedOut",
    "UnreadableReply",
    "UnreadableRow",
    "UpdateFailed",
    "VersionRecord",
    "WriteRefused",
    "WritingClient",
    "WrongKey",
    "canonical_decoded",
    "canonical_json",
    "decode",
    "parse_path",
    "read_page",
    "sorted_json",
]
