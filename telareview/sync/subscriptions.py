"""Our subscriptions in Tela: which apps' events come to this workspace's address, and how to change that.

SubscriptionError
├── NoSecret        the workspace has none to send along
├── UnknownApp      the mirror knows no task of it
├── SubscribedAlready
└── NotOurs         it calls another address
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from telareview.accounts.models import Workspace
from telareview.accounts.workspaces import DEFAULT_SLUG
from telareview.sync.connection import tela_client, writing_client
from telareview.sync.webhook import SECRET_HEADER
from telareview.tasks.app_names import NamedApp, named_apps
from telareview.tela import RateLimited, Refused, TelaClient, TelaError, WrongKey
from telareview.tela.subscriptions import (
    Subscription,
    Trial,
    create_subscription,
    get_subscription,
    list_subscriptions,
    pause_subscription,
    remove_subscription,
    renew_headers,
    try_subscription,
)

#: Entropy of a secret that is made here, in bytes.
SECRET_BYTES = 32
#: What subscriptions are called in Tela.
NAME = "telareview"
#: Apps asked about for one page; each is a call to Tela.
MAX_APPS = 30


class SubscriptionError(Exception):
    """The subscription cannot be changed."""

    code = "subscription"

    def __str__(self) -> str:
        return (self.__doc__ or "").strip()


class NoSecret(SubscriptionError):
    """This workspace has no webhook secret. Make one first."""

    code = "no_webhook_secret"


class SetByEnvironment(SubscriptionError):
    """The secret is set by TELA_WEBHOOK_SECRET. Change it there, then start anew."""

    code = "set_by_environment"


class UnknownApp(SubscriptionError):
    """The mirror knows no task of this app. Pull first, or check its id."""

    code = "unknown_app"


class SubscribedAlready(SubscriptionError):
    """This app's events come to this address already."""

    code = "subscribed_already"


class NotOurs(SubscriptionError):
    """This subscription calls another address. Change it in Tela."""

    code = "not_ours"


@dataclass(frozen=True, slots=True)
class Listed:
    """A subscription, and whether it calls us."""

    subscription: Subscription
    is_ours: bool


@dataclass(frozen=True, slots=True)
class AppSubscriptions:
    """The subscriptions of one app; with an error when Tela did not tell them."""

    app: NamedApp
    subscriptions: tuple[Listed, ...] = ()
    error: TelaError | None = None


def path_of(workspace: Workspace) -> str:
    """The path of the address that Tela calls."""
    return reverse("sync:webhook", args=[workspace.slug])


def is_within_reach(address: str) -> bool:
    """Whether somebody elsewhere may be able to call the address: it is not this machine's or a private network's."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return host != "localhost" and "." in host


def is_set_by_environment(workspace: Workspace) -> bool:
    """Whether TELA_WEBHOOK_SECRET names the secret; it would win again at the next start."""
    return bool(settings.TELA_WEBHOOK_SECRET) and workspace.slug == DEFAULT_SLUG


def make_secret(workspace: Workspace) -> str:
    """A new secret, stored as the present one; the former one is let in for some days more. Raises SetByEnvironment.

    Whoever gets it is the only one to see it: from here on it is kept encrypted.
    """
    if is_set_by_environment(workspace):
        raise SetByEnvironment
    secret = secrets.token_urlsafe(SECRET_BYTES)
    workspace.rotate_webhook_secret(secret)
    workspace.save(
        update_fields=[
            "webhook_secret_encrypted",
            "former_webhook_secret_encrypted",
            "former_webhook_secret_until",
        ]
    )
    return secret


def retire_former_secret(workspace: Workspace) -> None:
    """From now on only the present secret is let in."""
    workspace.retire_former_webhook_secret()
    workspace.save(update_fields=["former_webhook_secret_encrypted", "former_webhook_secret_until"])


def look(workspace: Workspace, address: str) -> list[AppSubscriptions]:
    """What Tela has, app by app. Raises NoKey, and TelaError when Tela does not answer at all."""
    with tela_client(workspace, hurried=True) as client:
        return [_look_at(client, workspace, app, address) for app in named_apps(workspace)[:MAX_APPS]]


def register(workspace: Workspace, app_id: UUID, address: str, events: Sequence[str]) -> Subscription | None:
    """Subscribe `address` to the app's events. Raises SubscriptionError, NoKey, TelaError (WriteRefused among them)."""
    secret = workspace.webhook_secret
    if not secret:
        raise NoSecret
    if app_id not in {app.application_id for app in named_apps(workspace)}:
        raise UnknownApp
    with writing_client(workspace) as client:
        if any(_same(each.url, address) for each in list_subscriptions(client, app_id)):
            raise SubscribedAlready
        return create_subscription(
            client, app_id, name=NAME, url=address, events=events, headers={SECRET_HEADER: secret}
        )


def try_out(workspace: Workspace, subscription_id: str, event: str, *, address: str | None = None) -> Trial:
    """Let Tela send a sample to us. Raises as `register`; with an address only for a subscription that calls it."""
    with writing_client(workspace) as client:
        _check_ours(client, workspace, subscription_id, address)
        return try_subscription(client, subscription_id, event)


def pause(workspace: Workspace, subscription_id: str, *, active: bool, address: str | None = None) -> None:
    """Stop the calls, or with `active` let them come again. Raises as `try_out`."""
    with writing_client(workspace) as client:
        _check_ours(client, workspace, subscription_id, address)
        pause_subscription(client, subscription_id, active=active)


def renew(workspace: Workspace, subscription_id: str, *, address: str | None = None) -> None:
    """Give the subscription the present secret; other headers it had are lost. Raises as `try_out`, and NoSecret."""
    secret = workspace.webhook_secret
    if not secret:
        raise NoSecret
    with writing_client(workspace) as client:
        _check_ours(client, workspace, subscription_id, address)
        renew_headers(client, subscription_id, {SECRET_HEADER: secret})


def remove(workspace: Workspace, subscription_id: str, *, address: str | None = None) -> None:
    """Remove it from Tela for good. Raises as `try_out`."""
    with writing_client(workspace) as client:
        _check_ours(client, workspace, subscription_id, address)
        remove_subscription(client, subscription_id)


def _look_at(client: TelaClient, workspace: Workspace, app: NamedApp, address: str) -> AppSubscriptions:
    try:
        found = list_subscriptions(client, app.application_id)
    except (WrongKey, RateLimited):
        raise
    except Refused as error:
        # Access may be given app by app; whatever else went wrong would go wrong again for the next one.
        return AppSubscriptions(app, error=error)
    return AppSubscriptions(app, tuple(Listed(each, _same(each.url, address)) for each in found))


def _check_ours(client: TelaClient, workspace: Workspace, subscription_id: str, address: str | None) -> None:
    """Without an address every one that calls this workspace's path, on whatever host, is ours."""
    try:
        url = get_subscription(client, subscription_id).url
    except ValueError as error:
        raise NotOurs from error
    ours = _same(url, address) if address else urlsplit(url).path.rstrip("/") == path_of(workspace).rstrip("/")
    if not ours:
        raise NotOurs


def _same(url: str, address: str) -> bool:
    """Whether both lead to the same host and path; a proxy may have changed http to https."""
    try:
        theirs, ours = urlsplit(url), urlsplit(address)
    except ValueError:
        return False
    return (theirs.netloc.lower(), theirs.path.rstrip("/")) == (ours.netloc.lower(), ours.path.rstrip("/"))
