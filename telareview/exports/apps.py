from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "telareview.exports"
    label = "exports"

    def ready(self) -> None:
        from telareview.exports import forgetting, upkeep  # noqa: F401 - listen to erasures, and to workers that begin
