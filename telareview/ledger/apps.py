from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "telareview.ledger"
    label = "ledger"
