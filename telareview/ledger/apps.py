from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from telareview.web.metrics import publish


class LedgerConfig(AppConfig):
    name = "telareview.ledger"
    label = "ledger"

    def ready(self) -> None:
        from telareview.ledger.alarm import figures

        publish("seals", figures)
        # Sent once for each app, after the last migration of all.
        post_migrate.connect(_grant_again, sender=self)


def _grant_again(**_kwargs: Any) -> None:
    """New tables belong to the owner alone until the app role is let in."""
    from telareview.ledger.privileges import app_role, grant

    if role := app_role():
        grant(role)
