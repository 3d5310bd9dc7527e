"""What an administrator may change: the people and the settings of the workspaces they administer, and no others."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from telareview.accounts.encryption import UnreadableSecret
from telareview.accounts.models import Membership, Person, Workspace
from telareview.accounts.roles import Role


def administered(request: HttpRequest) -> QuerySet[Workspace]:
    """The workspaces in which the signed-in person is an administrator."""
    person = cast("Person", request.user)
    return Workspace.objects.filter(memberships__person=person, memberships__role=Role.ADMIN)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).filter(workspace__in=administered(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "workspace":
            kwargs["queryset"] = administered(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Person)
class PersonAdmin(UserAdmin):
    """A person who also belongs to a workspace of someone else can be seen here, but not changed."""

    fieldsets = (
        (None, {"fields": ("email", "password", "name")}),
        (_("Access"), {"fields": ("is_active", "is_staff")}),
        (_("Preferences"), {"fields": ("language", "time_zone", "theme", "density", "page_size", "shortcuts")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "name", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    inlines = (MembershipInline,)
    # Deleting in bulk would ask for the permission once, not for each person.
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        mine = administered(request)
        return (
            super()
            .get_queryset(request)
            .filter(
                Q(pk__in=Membership.objects.filter(workspace__in=mine).values("person"))
                | ~Q(pk__in=Membership.objects.values("person"))
            )
        )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and not self._belongs_elsewhere(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not self._belongs_elsewhere(request, obj)

    def _belongs_elsewhere(self, request: HttpRequest, obj: Model | None) -> bool:
        return (
            obj is not None
            and Membership.objects.filter(person_id=obj.pk).exclude(workspace__in=administered(request)).exists()
        )


class WorkspaceForm(forms.ModelForm):
    """The key and the secret can be written, never read back."""

    api_key = forms.CharField(
        label=_("API key"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown. Leave empty to keep the present one."),
    )
    webhook_secret = forms.CharField(
        label=_("Webhook secret"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown. Leave empty to keep the present one."),
    )

    class Meta:
        model = Workspace
        fields = ("slug", "name", "allow_writes", "hide_people")

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["api_key"]:
            self.instance.set_api_key(self.cleaned_data["api_key"])
        if self.cleaned_data["webhook_secret"]:
            self.instance.set_webhook_secret(self.cleaned_data["webhook_secret"])
        return super().save(commit)


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):
    """The address of the API is the environment's: a key must never be sent to a host that someone typed here."""

    form = WorkspaceForm
    fields = (
        "slug",
        "name",
        "api_url",
        "api_key",
        "key_state",
        "webhook_secret",
        "secret_state",
        "allow_writes",
        "hide_people",
    )
    list_display = ("name", "slug", "key_state", "allow_writes")
    ordering = ("name", "id")

    @admin.display(description=_("API key at present"))
    def key_state(self, workspace: Workspace) -> Any:
        return _state(workspace, "api_key")

    @admin.display(description=_("Webhook secret at present"))
    def secret_state(self, workspace: Workspace) -> Any:
        return _state(workspace, "webhook_secret")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        return super().get_queryset(request).filter(pk__in=administered(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        # The environment finds its workspace by the short name, and Tela calls the address that holds it.
        lasting = ("api_url", "key_state", "secret_state")
        return lasting if obj is None else ("slug", *lasting)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The mirror and its history hang on a workspace; they are not thrown away with a click."""
        return False

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        if not change:
            obj.api_url = settings.TELA_API_URL
        super().save_model(request, obj, form, change)
        if not change:
            Membership.objects.create(person=cast("Person", request.user), workspace=obj, role=Role.ADMIN)


def _state(workspace: Workspace, secret: str) -> Any:
    if not getattr(workspace, f"{secret}_encrypted"):
        return _("none")
    try:
        getattr(workspace, secret)
    except UnreadableSecret:
        return _("unreadable: SECRET_KEY has changed; put the former one back, or enter it again")
    return _("stored")
