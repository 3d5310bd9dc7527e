"""The only place where a workspace meets `TelaClient`."""

from telareview.accounts.models import Workspace
from telareview.tela import RetryBudget, TelaClient


class NoKey(Exception):
    """This workspace has no API key. Set TELA_API_KEY, or enter a key in the administration pages."""

    code = "no_key"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


#: A page somebody waits for: one more try at most, and never longer than this.
LIVE_ATTEMPTS, LIVE_SECONDS = 2, 8.0


def tela_client(workspace: Workspace, *, hurried: bool = False) -> TelaClient:
    """A client of the workspace's own key. `hurried` for pages somebody waits for. Raises NoKey."""
    if not workspace.api_key_encrypted:
        raise NoKey
    if hurried:
        return TelaClient(
            workspace.api_url,
            workspace.api_key,
            connect_timeout=3.0,
            read_timeout=6.0,
            budget=RetryBudget(attempts=LIVE_ATTEMPTS, seconds=LIVE_SECONDS),
        )
    return TelaClient(workspace.api_url, workspace.api_key)
