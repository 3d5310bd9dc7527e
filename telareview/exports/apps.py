from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "telareview.exports"
    label = "exports"

    def ready(self) -> None:
        from telareview.exports import forgetting  # noqa: F401 - listens to erasures
