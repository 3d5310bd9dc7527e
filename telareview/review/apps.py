from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "telareview.review"
    label = "review"
