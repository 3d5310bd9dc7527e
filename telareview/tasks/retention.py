"""How long payloads are kept. For ever, unless somebody has said otherwise; each night's work is then recorded."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils import timezone

from telareview.tasks.erasure import erase_payloads
from telareview.tasks.models import Payload, Retention

if TYPE_CHECKING:
    from telareview.accounts.models import Workspace

#: Of one request, whose record names them all.
VERSIONS_A_REQUEST = 5_000
#: A shorter time would erase what people are still at work on.
LEAST_DAYS = 30
MOST_DAYS = 36_500


def days_kept(workspace: Workspace) -> int | None:
    """After how many days payloads go; None: never."""
    return Retention.objects.filter(workspace=workspace).values_list("payload_days", flat=True).first()


def keep_for(workspace: Workspace, days: int | None, set_by: str = "") -> None:
    """Keep payloads for so many days from now on; None: for ever. Raises ValueError outside the sensible."""
    if days is None:
        Retention.objects.filter(workspace=workspace).delete()
        return
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise ValueError(f"Payloads can be kept for {LEAST_DAYS} to {MOST_DAYS} days, or for ever.")
    Retention.objects.update_or_create(
        workspace=workspace, defaults={"payload_days": days, "set_by": set_by, "set_at": timezone.now()}
    )


def apply_retention(workspace: Workspace, *, now: dt.datetime | None = None) -> int:
    """Erase the payloads that are past their time; how many. Each batch is an `Erasure`; nothing unless set."""
    days = days_kept(workspace)
    if days is None:
        return 0
    before = (now or timezone.now()) - dt.timedelta(days=days)
    old = Payload.objects.filter(version__workspace=workspace, version__observed_at__lt=before).order_by("version_id")
    erased = 0
    while some := list(old.values_list("version_id", flat=True)[:VERSIONS_A_REQUEST]):
        erase_payloads(workspace, some, reason=f"retention: payloads are kept for {days} days")
        erased += len(some)
    return erased
