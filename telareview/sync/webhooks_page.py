"""The page about webhooks: where Tela should call, what it calls for, and what came of its calls."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Left, Length
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from telareview.accounts.access import member_required, right_required
from telareview.accounts.encryption import SecretError
from telareview.accounts.models import FORMER_SECRET_LIFE, Workspace
from telareview.sync import subscriptions
from telareview.sync.connection import NoKey
from telareview.sync.error_words import in_readers_language, spoken
from telareview.sync.models import Delivery
from telareview.sync.news import MAX_EVENT_CHARACTERS
from telareview.sync.subscriptions import SubscriptionError, is_set_by_environment
from telareview.sync.webhook import SECRET_HEADER
from telareview.tasks.app_names import named_apps
from telareview.tasks.models import Task
from telareview.tela import TelaError
from telareview.tela.subscriptions import EVENTS
from telareview.web.htmx import render_page_or_part, wants_part

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

CALLS_SHOWN = 50
#: Of a body so much is shown on the page; the rest has a page of its own.
CHARACTERS_SHOWN = 2_000
#: What may go wrong on the way to Tela and back, each with a sentence.
TROUBLE = (TelaError, NoKey, SubscriptionError, SecretError)


@dataclass(frozen=True, slots=True)
class SecretState:
    """What may be said of a workspace's webhook secret."""

    is_set: bool
    is_readable: bool
    former_until: object
    #: Set by TELA_WEBHOOK_SECRET, which would win again at the next start.
    from_environment: bool


@require_safe
@member_required
def page(request: "MemberRequest") -> HttpResponse:
    """`/sync/webhooks/`: calls and settings at once; what Tela has is asked for afterwards, or with `?ask=1`."""
    context = _context(request)
    if wants_part(request) or "ask" in request.GET:
        context |= _told_by_tela(request.workspace, context["address"])
    return render_page_or_part(request, "sync/webhooks.html", "subscriptions", context)


@require_POST
@right_required("sync")
def register(request: "MemberRequest") -> HttpResponse:
    """`/sync/webhooks/register/`: subscribe our address to an app's events."""
    events = [event for event in EVENTS if event in request.POST.getlist("event")]
    try:
        app_id = UUID(request.POST.get("app", ""))
    except ValueError as error:
        raise Http404(_("There is no such app in this workspace.")) from error
    if not events:
        messages.error(request, _("Choose at least one event."))
        return _back()
    try:
        subscriptions.register(request.workspace, app_id, _address(request), events)
    except TROUBLE as error:
        messages.error(request, spoken(error))
    else:
        messages.success(request, _("Subscribed. Tela calls from now on."))
    return _back()


@require_POST
@right_required("sync")
def change(request: "MemberRequest", subscription_id: str) -> HttpResponse:
    """`/sync/webhooks/subscriptions/<id>/`: test, pause, resume, renew or remove one of ours."""
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    try:
        act(request, subscription_id)
    except TROUBLE as error:
        messages.error(request, spoken(error))
    return _back()


@require_POST
@right_required("sync")
def secret(request: "MemberRequest") -> HttpResponse:
    """`/sync/webhooks/secret/`: make a new secret and show it this once, or end the former one."""
    if request.POST.get("act") == "retire":
        subscriptions.retire_former_secret(request.workspace)
        messages.success(request, _("From now on only the present secret is let in."))
        return _back()
    try:
        made = subscriptions.make_secret(request.workspace)
    except SubscriptionError as error:
        messages.error(request, spoken(error))
        return _back()
    return render(request, "sync/webhooks.html", {**_context(request), "made": made})


@require_safe
@member_required
def body(request: "MemberRequest", number: int) -> HttpResponse:
    """`/sync/webhooks/calls/<n>/`: the whole body of one call, as plain text."""
    delivery = get_object_or_404(Delivery, workspace=request.workspace, pk=number)
    return HttpResponse(delivery.body, content_type="text/plain; charset=utf-8")


def _test(request: "MemberRequest", subscription_id: str) -> None:
    event = request.POST.get("event", EVENTS[0])[:MAX_EVENT_CHARACTERS]
    trial = subscriptions.try_out(request.workspace, subscription_id, event, address=_address(request))
    if trial.success:
        messages.success(request, _("Tela reached this address. Its sample stands among the calls."))
        return
    reason = trial.detail or (str(trial.status_code) if trial.status_code else _("no answer"))
    messages.error(request, _("Tela could not deliver its sample: %(reason)s") % {"reason": reason})


def _pause(request: "MemberRequest", subscription_id: str) -> None:
    subscriptions.pause(request.workspace, subscription_id, active=False, address=_address(request))
    messages.success(request, _("Paused. The pull goes on bringing the news."))


def _resume(request: "MemberRequest", subscription_id: str) -> None:
    subscriptions.pause(request.workspace, subscription_id, active=True, address=_address(request))
    messages.success(request, _("Tela calls again from now on."))


def _renew(request: "MemberRequest", subscription_id: str) -> None:
    subscriptions.renew(request.workspace, subscription_id, address=_address(request))
    messages.success(request, _("Tela sends the present secret from now on."))


def _remove(request: "MemberRequest", subscription_id: str) -> None:
    subscriptions.remove(request.workspace, subscription_id, address=_address(request))
    messages.success(request, _("Removed. The pull goes on bringing the news."))


_ACTS = {"test": _test, "pause": _pause, "resume": _resume, "renew": _renew, "remove": _remove}


def _context(request: "MemberRequest") -> dict[str, Any]:
    workspace, address = request.workspace, _address(request)
    waiting = Delivery.objects.filter(workspace=workspace, processed_at=None)
    return {
        "address": address,
        "header": SECRET_HEADER,
        "within_reach": subscriptions.is_within_reach(address),
        "secret": _state(workspace),
        "former_days": FORMER_SECRET_LIFE.days,
        "events": EVENTS,
        "apps": named_apps(workspace),
        "calls": _calls(workspace),
        "waiting": waiting.count(),
        "may_sync": request.membership.may("sync"),
        "may_write": workspace.writes_are_on,
    }


def _told_by_tela(workspace: Workspace, address: str) -> dict[str, Any]:
    """`told`: the apps' subscriptions, each with its error in the reader's language; or `trouble`, a sentence."""
    try:
        told = subscriptions.look(workspace, address)
    except TROUBLE as error:
        return {"trouble": spoken(error)}
    return {"told": [(app, spoken(app.error) if app.error else "") for app in told]}


def _calls(workspace: Workspace) -> list[Delivery]:
    """The last calls, each with `head` and `size` of its body, `is_mirrored` and `spoken_error`. Two statements."""
    calls: list[Any] = list(
        Delivery.objects.filter(workspace=workspace)
        .defer("body")
        .annotate(head=Left("body", CHARACTERS_SHOWN), size=Length("body"))
        .order_by("-received_at", "-pk")[:CALLS_SHOWN]
    )
    ids = [call.task_id for call in calls if call.task_id]
    known = set(Task.objects.of(workspace).filter(task_id__in=ids).values_list("task_id", flat=True))
    for call in calls:
        call.is_mirrored = call.task_id in known
        call.is_cut = call.size > CHARACTERS_SHOWN
        call.spoken_error = in_readers_language(call.error_code, call.error)
    return calls


def _state(workspace: Workspace) -> SecretState:
    readable = True
    try:
        workspace.webhook_secrets  # noqa: B018 - reading it is the question
    except SecretError:
        readable = False
    until = workspace.former_webhook_secret_until
    return SecretState(
        is_set=bool(workspace.webhook_secret_encrypted),
        is_readable=readable,
        former_until=until if until is not None and until > timezone.now() else None,
        from_environment=is_set_by_environment(workspace),
    )


def _address(request: "MemberRequest") -> str:
    return request.build_absolute_uri(subscriptions.path_of(request.workspace))


def _back() -> HttpResponse:
    return redirect(f"{reverse('sync:webhooks')}?ask=1")
