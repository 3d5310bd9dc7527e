"""The administration pages (`/admin/`): only for administrators of a workspace who are also marked as staff."""

from typing import TYPE_CHECKING

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest


class Administration(AdminSite):
    """Signs nobody in by itself: visitors are sent to the product's own sign-in, with its limits (`urls.py`)."""

    site_header = _("telareview administration")
    site_title = _("telareview administration")
    index_title = _("People and workspaces")
    site_url = "/tasks/"

    def has_permission(self, request: "HttpRequest") -> bool:
        person = request.user
        memberships = getattr(request, "memberships", ())
        return (
            person.is_authenticated
            and person.is_active
            and person.is_staff
            and any(membership.may("administer") for membership in memberships)
        )


class AdministrationConfig(AdminConfig):
    default = False
    default_site = "telareview.accounts.administration.Administration"
