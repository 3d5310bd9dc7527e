"""People, the workspaces they may enter, and what they prefer to see."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from telareview.accounts.encryption import decrypted, encrypted
from telareview.accounts.roles import Right, Role, role_may
from telareview.tela import Secret

DEFAULT_ZONE = "America/Sao_Paulo"
PAGE_SIZES = (25, 50, 100)
#: How long deliveries may carry the secret before the present one: time to give the new one to every sender.
FORMER_SECRET_LIFE = dt.timedelta(days=7)


def validate_zone(name: str) -> None:
    """Raises ValidationError unless `name` stands in the IANA time zone database."""
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone. Choose one such as America/Sao_Paulo."),
            params={"name": name},
        )


class PersonManager(BaseUserManager["Person"]):
    """Makes people; an e-mail address is kept in lower case, so that it names one person only."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """A stored person; without a password nobody can sign in as them."""
        person = self.model(email=email, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """A stored person who may open the administration pages."""
        return self.create_user(email, password, **{"is_staff": True, **fields})

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email=(username or "").lower())


class Person(AbstractBaseUser):
    """Someone who signs in. What they may do is said by their memberships."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("Comfortable")
        COMPACT = "compact", _("Compact")

    class PageSize(models.IntegerChoices):
        SMALL = 25, "25"
        MIDDLE = 50, "50"
        LARGE = 100, "100"

    #: The memberships that came with the person of a session, else None. (accounts/backends.py)
    entered: list[Membership] | None = None

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    #: Empty: the language the browser asks for.
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    time_zone = models.CharField(_("time zone"), max_length=64, default=DEFAULT_ZONE, validators=[validate_zone])
    theme = models.CharField(_("theme"), max_length=10, choices=Theme, default=Theme.AUTO)
    density = models.CharField(_("density"), max_length=15, choices=Density, default=Density.COMFORTABLE)
    page_size = models.PositiveSmallIntegerField(_("rows per page"), choices=PageSize, default=PageSize.MIDDLE)
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Take the tick away to end every session of this person at once."),
    )
    is_staff = models.BooleanField(
        _("may open the administration pages"),
        default=False,
        help_text=_("Only together with the role of administrator in a workspace."),
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = PersonManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="person_email_in_lower_case",
            ),
            models.CheckConstraint(
                condition=models.Q(page_size__in=PAGE_SIZES),
                name="person_page_size_is_offered",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Asked by Django's administration pages only; they show the people and workspaces, never the mirror."""
        return self.is_active and self.is_staff and perm.startswith("accounts.")

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff and app_label == "accounts"


class Workspace(models.Model):
    """What one API key of Tela reaches. Everything mirrored belongs to exactly one workspace."""

    slug = models.SlugField(_("short name"), unique=True, help_text=_("Part of the webhook's address."))
    name = models.CharField(_("name"), max_length=150)
    api_url = models.URLField(_("API address"), default="https://api.tela.com")
    api_key_encrypted = models.TextField(blank=True, default="", editable=False)
    webhook_secret_encrypted = models.TextField(blank=True, default="", editable=False)
    #: The secret before this one, let in until the moment beside it: Tela's subscriptions are changed one by one.
    former_webhook_secret_encrypted = models.TextField(blank=True, default="", editable=False)
    former_webhook_secret_until = models.DateTimeField(null=True, editable=False)
    allow_writes = models.BooleanField(
        _("may write to Tela"),
        default=False,
        help_text=_(
            "Lets operators create tasks in Tela, and reviewers approve them, if TELA_ALLOW_WRITES is set as well."
        ),
    )
    hide_people = models.BooleanField(
        _("hides people"), default=False, db_default=False, help_text=_("Viewers and operators then see pseudonyms.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name

    @property
    def writes_are_on(self) -> bool:
        """Whether anything may be changed in Tela: both this installation and the workspace must allow it."""
        return bool(settings.TELA_ALLOW_WRITES and self.allow_writes)

    @property
    def api_key(self) -> Secret:
        """The key for Tela; empty when none was given. Raises UnreadableSecret after a change of SECRET_KEY."""
        return Secret(decrypted(self.api_key_encrypted, what=f"The API key of workspace {self.slug}"))

    def set_api_key(self, plain: str) -> None:
        """Keeps `plain` encrypted; the caller saves."""
        self.api_key_encrypted = encrypted(plain)

    @property
    def webhook_secret(self) -> Secret:
        """What Tela's deliveries must carry; empty when none was given. Raises UnreadableSecret as `api_key` does."""
        return Secret(
            decrypted(
                self.webhook_secret_encrypted,
                what=f"The webhook secret of workspace {self.slug}",
            )
        )

    def set_webhook_secret(self, plain: str) -> None:
        """Keeps `plain` encrypted as the only secret from now on; the caller saves."""
        self.webhook_secret_encrypted = encrypted(plain)
        self.retire_former_webhook_secret()

    def rotate_webhook_secret(self, plain: str) -> None:
        """As `set_webhook_secret`, but what was the secret until now is let in for FORMER_SECRET_LIFE more."""
        former = self.webhook_secret_encrypted
        self.set_webhook_secret(plain)
        if former:
            self.former_webhook_secret_encrypted = former
            self.former_webhook_secret_until = timezone.now() + FORMER_SECRET_LIFE

    def retire_former_webhook_secret(self) -> None:
        """From now on only the present secret is let in; the caller saves."""
        self.former_webhook_secret_encrypted, self.former_webhook_secret_until = "", None

    @property
    def webhook_secrets(self) -> tuple[Secret, ...]:
        """Every secret a delivery may carry now, the present one first. Raises UnreadableSecret as `api_key` does."""
        former = Secret("")
        if self.former_webhook_secret_until is not None and timezone.now() < self.former_webhook_secret_until:
            what = f"The former webhook secret of workspace {self.slug}"
            former = Secret(decrypted(self.former_webhook_secret_encrypted, what=what))
        return tuple(secret for secret in (self.webhook_secret, former) if secret)


class Membership(models.Model):
    """That a person may enter a workspace, and in which role."""

    person = models.ForeignKey(
        Person,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("person"),
    )
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("workspace"),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["person", "workspace"], name="membership_once_per_workspace"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="membership_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} – {self.workspace}: {self.get_role_display()}"

    def may(self, right: Right) -> bool:
        """Whether this membership's role holds `right`. Raises KeyError for a right that does not exist."""
        return role_may(self.role, right)

    @property
    def may_create(self) -> bool:
        """Whether this person may create tasks in Tela here: role, workspace and installation allow it."""
        return self.may("create") and self.workspace.writes_are_on

    @property
    def may_approve(self) -> bool:
        """Whether this person may correct and approve tasks in Tela here; as `may_create`."""
        return self.may("approve") and self.workspace.writes_are_on


class SavedView(models.Model):
    """A list's address under a name; `query` is the canonical query string without the leading question mark."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=100)
    query = models.TextField(_("query"), blank=True)
    shared = models.BooleanField(_("shared with the workspace"), default=False)
    position = models.PositiveIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "owner",
                Lower("name"),
                name="saved_view_name_once_per_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SignInAttempts(models.Model):
    """The latest failed sign-ins under one key: an e-mail address or a network address, hashed. See `throttle.py`."""

    key = models.CharField(max_length=64, primary_key=True)
    moments = ArrayField(models.DateTimeField())

    def __str__(self) -> str:
        return self.key
