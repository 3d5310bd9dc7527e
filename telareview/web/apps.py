from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "telareview.web"
    label = "web"
