"""For load balancers and schedulers: is the process alive, and can it do its work?"""

import structlog
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from telareview.web.errors import RETRY_AFTER_SECONDS

logger = structlog.get_logger(__name__)

#: The question reads every migration file; once answered with yes it stays so for the life of a process.
_known = {"migrated": False}


@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """`/healthz`: 200 as long as the process answers; asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """`/readyz`: 200 when the database answers and every migration is applied, else 503 with Retry-After."""
    checks = {"database": "ok", "migrations": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _known["migrated"] = _known["migrated"] or all_migrated()
        if not _known["migrated"]:
            checks["migrations"] = "missing"
    except DatabaseError:
        logger.warning("not_ready", exc_info=True)
        checks = {"database": "unreachable", "migrations": "unknown"}
    whole = set(checks.values()) == {"ok"}
    response = JsonResponse({"status": "ok" if whole else "unavailable", **checks}, status=200 if whole else 503)
    if not whole:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def all_migrated() -> bool:
    """Whether the database has every migration of this code."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
