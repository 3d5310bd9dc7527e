from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "telareview.sync"
    label = "sync"

    def ready(self) -> None:
        from telareview.sync import forgetting  # noqa: F401 - listens to erasures
