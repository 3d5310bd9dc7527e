"""The administration pages (`/admin/`): only for administrators of a workspace who are also marked as staff."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from telareview.web.errors import Refused


class Administration(AdminSite):
    """Takes no password itself: visitors are sent to the product's own sign-in, which has limits."""

    site_header = _("telareview administration")
    site_title = _("telareview administration")
    index_title = _("People and workspaces")
    site_url = settings.LOGIN_REDIRECT_URL

    def has_permission(self, request: HttpRequest) -> bool:
        person = request.user
        return (
            person.is_authenticated
            and person.is_active
            and person.is_staff
            and any(membership.may("administer") for membership in getattr(request, "memberships", ()))
        )

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseRedirect:
        """Raises Refused for a person who is signed in but may not enter."""
        if self.has_permission(request):
            return HttpResponseRedirect(request.path.removesuffix("login/"))
        if request.user.is_authenticated:
            raise Refused(gettext("These pages are for administrators of a workspace."))
        return redirect_to_login(request.GET.get("next") or request.path.removesuffix("login/"))
