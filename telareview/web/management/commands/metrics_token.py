"""`metrics_token`: what Prometheus sends from another machine."""

from typing import Any

from django.core.management.base import BaseCommand

from telareview.web.metrics import metrics_token


class Command(BaseCommand):
    help = "Print the bearer token that opens /metrics to another machine. It changes with SECRET_KEY."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(metrics_token())
