"""Writing to Tela is a privilege: this installation, the workspace and the person's role must all allow it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from telareview.accounts.access import MemberRequest, View, refusal, right_required, whom_to_ask
from telareview.accounts.models import Membership
from telareview.web.errors import Refused

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

type WriteRight = Literal["create", "approve"]


def may_write(membership: Membership | None, right: WriteRight) -> bool:
    """Whether the person may `create` or `approve` tasks in Tela, in the workspace of the membership.

    Templates ask `membership.may_create` and `membership.may_approve`.
    """
    return membership is not None and (membership.may_create if right == "create" else membership.may_approve)


def write_refusal(membership: Membership, right: WriteRight) -> Refused | None:
    """Why the person may not, as the error to raise; None when they may."""
    if not membership.may(right):
        return refusal(membership, right)
    if not settings.TELA_ALLOW_WRITES:
        return Refused(
            _("Writing to Tela is switched off in this installation. Whoever runs it can set TELA_ALLOW_WRITES=1.")
        )
    if not membership.workspace.allow_writes:
        sentence = _("%(workspace)s may not write to Tela. An administrator can allow it.")
        return Refused(sentence % {"workspace": membership.workspace.name}, whom_to_ask(membership.workspace))
    return None


def write_required[**P](right: WriteRight) -> Callable[[View[P]], View[P]]:
    """As `right_required`, and 403 with a sentence where writing to Tela is not allowed."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: MemberRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            refused = write_refusal(request.membership, right)
            if refused is not None:
                raise refused
            return view(request, *args, **kwargs)

        return right_required(right)(guarded)

    return guard
