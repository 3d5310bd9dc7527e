"""Who may enter: the workspace of a request, and the doors in front of the views.

A view that shows anything of a workspace wears `@member_required` or `@right_required`, and asks the database only for
rows of `request.workspace`; a thing of another workspace is then simply not found (404).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from telareview.accounts.backends import memberships_of
from telareview.accounts.models import Membership, Person, Workspace
from telareview.accounts.pseudonyms import people_shown_to
from telareview.accounts.roles import RIGHTS, Right, Role
from telareview.web.errors import Refused
from telareview.web.htmx import HtmxHttpRequest

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

SESSION_WORKSPACE = "workspace"
#: So many administrators are named on a page that refuses something.
MOST_TO_ASK = 5


class MemberRequest(HtmxHttpRequest):
    """What a view behind `@member_required` gets."""

    user: Person
    workspace: Workspace
    membership: Membership
    memberships: list[Membership]


type View[**P] = Callable[Concatenate[Any, P], HttpResponseBase]


class WorkspaceMiddleware:
    """Sets `request.memberships`, `request.membership` and `request.workspace`: they came with the person.

    The workspace is the one last chosen in this session if the person is still a member, else the first by name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        entered = cast("MemberRequest", request)
        entered.memberships = []
        if request.user.is_authenticated:
            at_hand = request.user.entered
            entered.memberships = at_hand if at_hand is not None else list(memberships_of(request.user.pk))
        chosen = request.session.get(SESSION_WORKSPACE) if entered.memberships else None
        membership = next(
            (each for each in entered.memberships if each.workspace.slug == chosen),
            entered.memberships[0] if entered.memberships else None,
        )
        entered.membership = membership  # type: ignore[assignment]
        entered.workspace = membership.workspace if membership else None  # type: ignore[assignment]
        with people_shown_to(membership):
            return self.get_response(request)


def member_required[**P](view: View[P]) -> View[P]:
    """Lets members of a workspace in; a visitor is sent to the sign-in, a person without a workspace gets 403."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        if request.membership is None:
            raise Refused(
                _("You are signed in, but no workspace is open to you yet. Ask whoever gave you this sign-in.")
            )
        return view(request, *args, **kwargs)

    return guarded


def right_required[**P](right: Right) -> Callable[[View[P]], View[P]]:
    """As `member_required`, and 403 with the right's name and whom to ask for members whose role lacks `right`."""
    if right not in RIGHTS:
        raise KeyError(f"{right!r} is no right. The rights are {', '.join(RIGHTS)}.")

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: MemberRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.membership.may(right):
                raise refusal(request.membership, right)
            return view(request, *args, **kwargs)

        return member_required(guarded)

    return guard


def refusal(membership: Membership, right: Right) -> Refused:
    """The error to raise when a member lacks `right` in their workspace."""
    sentence = _("As %(role)s you may not %(right)s. An administrator of %(workspace)s can change that.") % {
        "role": membership.get_role_display(),
        "right": RIGHTS[right],
        "workspace": membership.workspace.name,
    }
    return Refused(sentence, whom_to_ask(membership.workspace))


def whom_to_ask(workspace: Workspace) -> list[str]:
    """E-mail addresses of the workspace's active administrators, in order, five at most."""
    admins = Membership.objects.filter(workspace=workspace, role=Role.ADMIN, person__is_active=True)
    return list(admins.order_by("person__email").values_list("person__email", flat=True)[:MOST_TO_ASK])


def to_sign_in(request: MemberRequest) -> HttpResponse:
    """A redirect to the sign-in that leads back here; htmx is told to move the whole page."""
    if request.htmx:
        page = urlsplit(request.htmx.current_url_abs_path or "")
        address = resolve_url(settings.LOGIN_URL)
        if page.path:
            address = f"{address}?{urlencode({'next': page.geturl()}, safe='/')}"
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "")


def safe_next(request: HttpRequest, default: str = "") -> str:
    """The address in the `next` field if it stays on this host, else `default` (else the list of tasks)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return default or resolve_url(settings.LOGIN_REDIRECT_URL)
