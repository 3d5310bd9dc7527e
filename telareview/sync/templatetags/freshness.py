"""`{% load freshness %}`: the loud word about a mirror that is not up to date, for the head of every page."""

from typing import Any

from django import template
from django.template.loader import render_to_string

from telareview.sync.freshness import alarm_of

register = template.Library()


@register.simple_tag(takes_context=True)
def stale_banner(context: dict[str, Any]) -> str:
    """The banner where the mirror of the reader's workspace is loud, else nothing."""
    workspace = context.get("workspace")
    alarm = alarm_of(workspace) if workspace is not None else None
    return render_to_string("sync/_stale.html", {"freshness": alarm}) if alarm is not None and alarm.is_loud else ""
