"""Addresses with a door in front: one for members, one for each right, one for each kind of writing."""

from django.http import HttpResponse
from django.urls import include, path

from telareview.accounts.access import MemberRequest, member_required, right_required
from telareview.accounts.roles import RIGHTS
from telareview.accounts.writing import write_required
from telareview.urls import handler400, handler403, handler404, handler429, handler500

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]


@member_required
def inside(request: MemberRequest) -> HttpResponse:
    return HttpResponse(f"inside {request.workspace.slug} as {request.membership.role}")


urlpatterns = [
    path("", include("telareview.urls")),
    path("inside/", inside),
    *(path(f"writes/{right}/", write_required(right)(inside)) for right in ("create", "approve")),
    *(path(f"needs/{right}/", right_required(right)(inside)) for right in RIGHTS),
]
