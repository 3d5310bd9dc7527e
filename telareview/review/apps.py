from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "telareview.review"
    label = "review"

    def ready(self) -> None:
        from telareview.review import forgetting  # noqa: F401 - listens to erasures
