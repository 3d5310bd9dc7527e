"""`/metrics` for Prometheus: figures that are asked of the database when they are read.

Several processes answer the web, so nothing is counted in memory: a room registers a collector with `publish` in its
`AppConfig.ready`, and the collector computes its figures at each reading.
"""

from collections.abc import Callable, Iterable
from hmac import compare_digest

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from telareview import __version__
from telareview.web.client import is_loopback

logger = structlog.get_logger(__name__)

Figures = Callable[[], Iterable[Metric]]
_sources: dict[str, Figures] = {}


def publish(name: str, figures: Figures) -> None:
    """Adds what `figures` returns to `/metrics`; `name` says whose figures they are and replaces its earlier ones."""
    _sources[name] = figures


def metrics_token() -> str:
    """What a reader from another machine sends as `Authorization: Bearer`; it changes with SECRET_KEY."""
    return salted_hmac("telareview.web.metrics", "bearer", algorithm="sha256").hexdigest()


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text for this machine itself, or for the bearer of `metrics_token`; 404 for anyone else."""
    if not may_read(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(_EverySource())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Behind a proxy everyone seems to come from this machine, so there the token is always needed."""
    sent = request.headers.get("Authorization", "")
    if compare_digest(sent.encode(), f"Bearer {metrics_token()}".encode()):
        return True
    return not settings.TRUSTED_PROXY_HOPS and is_loopback(request.META.get("REMOTE_ADDR", ""))


class _EverySource(Collector):
    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("telareview", "The product.", value={"version": __version__})
        up = _database_answers()
        yield GaugeMetricFamily("telareview_database_up", "1 when the database answers.", value=int(up))
        if not up:
            return
        for name, figures in _sources.items():
            try:
                yield from list(figures())
            except DatabaseError:
                logger.warning("metrics_missing", source=name, exc_info=True)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
