from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "telareview.sync"
    label = "sync"
