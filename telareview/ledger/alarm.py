"""That a workspace can no longer be sealed: told at the head of every page, and to whoever watches the figures."""

from collections.abc import Iterable

from django.core.cache import caches
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from telareview.accounts.models import Workspace
from telareview.ledger.sealing import trouble_of, unsealed

#: How long the word at the head of every page may be late.
ALARM_KEPT_SECONDS = 60
UNREADABLE_KEY = "unreadable_key"


def alarm_of(workspace: Workspace) -> str:
    """`broken_tree` or `unreadable_key` where nothing can be sealed, else ""; asked at most once a minute."""
    alarm: str | None = caches["pages"].get_or_set(
        f"seals-{workspace.pk}", lambda: _alarm(workspace), ALARM_KEPT_SECONDS
    )
    return alarm or ""


def _alarm(workspace: Workspace) -> str:
    trouble = trouble_of(workspace)
    return "" if trouble is None else getattr(trouble, "code", UNREADABLE_KEY)


def figures() -> Iterable[Metric]:
    """Of each workspace: whether it can be sealed, and how long its oldest record has waited for that."""
    broken = GaugeMetricFamily(
        "telareview_seal_broken",
        "1 when nothing of the workspace can be sealed: run verify_history.",
        labels=["workspace"],
    )
    waiting = GaugeMetricFamily(
        "telareview_seal_waiting_seconds", "How long the oldest record has waited for its seal.", labels=["workspace"]
    )
    for workspace in Workspace.objects.order_by("pk"):
        _count, since = unsealed(workspace, thorough=False)
        broken.add_metric([workspace.slug], int(trouble_of(workspace) is not None))
        waiting.add_metric([workspace.slug], (timezone.now() - since).total_seconds() if since else 0)
    return [broken, waiting]
