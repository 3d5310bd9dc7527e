from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "telareview.exports"
    label = "exports"
