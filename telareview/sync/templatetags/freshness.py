"""`{% load freshness %}`: the loud word about a mirror that is not up to date, for the head of every page."""

from typing import Any

from django import template

from telareview.sync.freshness import alarm_of

register = template.Library()


@register.inclusion_tag("sync/_stale.html", takes_context=True)
def stale_banner(context: dict[str, Any]) -> dict[str, Any]:
    """The banner where the mirror of the reader's workspace is loud, else nothing."""
    workspace = context.get("workspace")
    return {"freshness": alarm_of(workspace) if workspace is not None else None}
