"""The product's addresses, and Django's change list over tasks to measure against."""

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpRequest
from django.urls import path

from telareview.tasks.models import Task
from telareview.urls import urlpatterns as addresses


class TaskAdmin(ModelAdmin):
    """Django's defaults, with the columns and the page size of our list. By its own order (the key) it is fastest."""

    list_display = (
        *("reference", "name", "status", "revision_process", "edited_paths"),
        *("approved_by", "approved_at", "prompt_application_id", "updated_at"),
    )
    list_per_page = 50

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True


class Site(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active)


site = Site(name="bench")
site.register(Task, TaskAdmin)

urlpatterns = [path("bench-admin/", site.urls), *addresses]
