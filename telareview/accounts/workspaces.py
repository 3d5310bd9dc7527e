"""The workspace that the environment describes."""

from urllib.parse import urlsplit

from django.conf import settings

from telareview.accounts.encryption import UnreadableSecret
from telareview.accounts.models import Workspace
from telareview.tela import Secret

DEFAULT_SLUG = "default"


def is_described() -> bool:
    """Whether the environment says anything of a workspace."""
    return bool(settings.TELA_API_URL_GIVEN or settings.TELA_API_KEY or settings.TELA_WEBHOOK_SECRET)


def ensure_default_workspace() -> Workspace:
    """The workspace `default`, made or brought up to date from TELA_API_URL, TELA_API_KEY and TELA_WEBHOOK_SECRET.

    Whatever of them is set wins over what was stored; an unset key or secret leaves the stored one alone.
    """
    workspace, _created = Workspace.objects.get_or_create(
        slug=DEFAULT_SLUG,
        defaults={
            "name": urlsplit(settings.TELA_API_URL).hostname or "Tela",
            "api_url": settings.TELA_API_URL,
            # Only at first: from then on an administrator says whether this workspace may write.
            "allow_writes": settings.TELA_ALLOW_WRITES,
        },
    )
    if settings.TELA_API_URL_GIVEN or settings.TELA_API_KEY:
        # A stored key must not travel to the default address only because no address was named this time.
        workspace.api_url = settings.TELA_API_URL
    if settings.TELA_API_KEY:
        workspace.set_api_key(settings.TELA_API_KEY)
    if settings.TELA_WEBHOOK_SECRET:
        _keep_webhook_secret(workspace, settings.TELA_WEBHOOK_SECRET)
    workspace.save()
    return workspace


def _keep_webhook_secret(workspace: Workspace, plain: str) -> None:
    """A secret that differs from the stored one is a rotation: senders may use the former one for a while."""
    try:
        if workspace.webhook_secret == Secret(plain):
            return
    except UnreadableSecret:
        workspace.set_webhook_secret(plain)
        return
    workspace.rotate_webhook_secret(plain)
