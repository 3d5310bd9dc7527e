"""The only place where a workspace meets `TelaClient`."""

from django.conf import settings

from telareview.accounts.models import Workspace
from telareview.tela import RetryBudget, TelaClient
from telareview.tela.client import RETRIES


class NoKey(Exception):
    """This workspace has no API key. Set TELA_API_KEY, or enter a key in the administration pages."""

    code = "no_key"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


#: A page somebody waits for: one more try at most, and never longer than this.
LIVE_ATTEMPTS, LIVE_SECONDS = 2, 8.0


def may_write(workspace: Workspace) -> bool:
    """Whether anything may be changed in Tela: both this installation and the workspace must allow it."""
    return bool(settings.TELA_ALLOW_WRITES and workspace.allow_writes)


def tela_client(
    workspace: Workspace, *, hurried: bool = False, once: bool = False, writing: bool = False
) -> TelaClient:
    """A client of the workspace's own key. Raises NoKey.

    `hurried` for pages somebody waits for; `once` where the caller itself decides when to ask again; `writing` for
    acts that change something in Tela, which the client still refuses unless `may_write`.
    """
    if not workspace.api_key_encrypted:
        raise NoKey
    allow_writes = writing and may_write(workspace)
    if hurried:
        return TelaClient(
            workspace.api_url,
            workspace.api_key,
            connect_timeout=3.0,
            read_timeout=6.0,
            budget=RetryBudget(attempts=LIVE_ATTEMPTS, seconds=LIVE_SECONDS),
            allow_writes=allow_writes,
        )
    retries = 0 if once else RETRIES
    return TelaClient(workspace.api_url, workspace.api_key, retries=retries, allow_writes=allow_writes)
