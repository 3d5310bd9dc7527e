from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "telareview.tasks"
    label = "tasks"
