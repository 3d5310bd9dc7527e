"""`/healthz`, `/readyz`, `/metrics`."""

from django.urls import path

from telareview.web import health, metrics

app_name = "web"

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
]
