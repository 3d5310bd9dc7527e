from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    default = True
    name = "telareview.accounts"
    label = "accounts"
    verbose_name = _("people and workspaces")
    default_auto_field = "django.db.models.BigAutoField"


class AdministrationConfig(admin_apps.AdminConfig):
    default = False
    default_site = "telareview.accounts.administration.Administration"
