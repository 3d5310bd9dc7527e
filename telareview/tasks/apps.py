from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "telareview.tasks"
    label = "tasks"

    def ready(self) -> None:
        from telareview.ledger.sources import register
        from telareview.tasks.sealed import TOLD, VERSIONS

        register(VERSIONS)
        register(TOLD)
