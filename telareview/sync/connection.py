"""The only place where a workspace meets `TelaClient`."""

from telareview.accounts.models import Workspace
from telareview.tela import RetryBudget, TelaClient, WritingClient
from telareview.tela.client import RETRIES


class NoKey(Exception):
    """This workspace has no API key. Set TELA_API_KEY, or enter a key in the administration pages."""

    code = "no_key"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


#: A page somebody waits for: one more try at most, and never longer than this.
LIVE_ATTEMPTS, LIVE_SECONDS = 2, 8.0
#: Of a page somebody waits for: seconds for the connection, and of silence on it.
LIVE_CONNECT_SECONDS, LIVE_READ_SECONDS = 3.0, 6.0


def tela_client(workspace: Workspace, *, hurried: bool = False, once: bool = False) -> TelaClient:
    """A client of the workspace's own key, which only reads. Raises NoKey.

    `hurried` for pages somebody waits for; `once` where the caller itself decides when to ask again.
    """
    if not workspace.api_key_encrypted:
        raise NoKey
    if hurried:
        return TelaClient(
            workspace.api_url,
            workspace.api_key,
            connect_timeout=LIVE_CONNECT_SECONDS,
            read_timeout=LIVE_READ_SECONDS,
            budget=RetryBudget(attempts=LIVE_ATTEMPTS, seconds=LIVE_SECONDS),
        )
    return TelaClient(workspace.api_url, workspace.api_key, retries=0 if once else RETRIES)


def writing_client(workspace: Workspace, *, hurried: bool = True) -> WritingClient:
    """A client that may change things in Tela, for acts of a person who may (`accounts.writing.may_write`).

    Raises NoKey, and WriteRefused unless this installation and the workspace allow writing. Its reading is
    `hurried` where somebody waits; its writing is always patient: our impatience would only lose answers.
    """
    if not workspace.api_key_encrypted:
        raise NoKey
    return WritingClient(
        workspace.api_url,
        workspace.api_key,
        allowed=workspace.writes_are_on,
        connect_timeout=LIVE_CONNECT_SECONDS,
        budget=RetryBudget(attempts=LIVE_ATTEMPTS, seconds=LIVE_SECONDS) if hurried else None,
    )
