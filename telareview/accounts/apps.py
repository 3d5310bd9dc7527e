from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "telareview.accounts"
    label = "accounts"
    verbose_name = _("people and workspaces")
    default_auto_field = "django.db.models.BigAutoField"
