from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "telareview.tasks"
    label = "tasks"

    def ready(self) -> None:
        from telareview.ledger.sources import register
        from telareview.tasks.sealed import ERASURES, TOLD, VERSIONS

        register(VERSIONS)
        register(TOLD)
        register(ERASURES)
        from telareview.tasks import erasure  # noqa: F401 - lends its function to the app role
