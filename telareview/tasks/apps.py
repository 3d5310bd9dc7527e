from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "telareview.tasks"
    label = "tasks"

    def ready(self) -> None:
        from telareview.ledger.privileges import only_read
        from telareview.ledger.sources import register
        from telareview.tasks.sealed import TOLD, VERSIONS

        only_read("tasks_knowncard")
        register(VERSIONS)
        register(TOLD)
