"""`/healthz`, `/readyz`, `/metrics`, and the icon that browsers ask for unasked."""

from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import path

from telareview.web import health, metrics

app_name = "web"


def icon(request: HttpRequest) -> HttpResponseRedirect:
    """Pages of ours name their icon; Django's administration does not."""
    return HttpResponseRedirect(static("favicon.svg"))


urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("favicon.ico", icon),
]
