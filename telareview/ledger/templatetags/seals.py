"""`{% load seals %}`: the loud word about a history that can no longer be sealed, for the head of every page."""

from typing import Any

from django import template
from django.template.loader import render_to_string

from telareview.ledger.alarm import alarm_of

register = template.Library()


@register.simple_tag(takes_context=True)
def seal_banner(context: dict[str, Any]) -> str:
    """The banner where nothing of the reader's workspace can be sealed, else nothing."""
    workspace, membership = context.get("workspace"), context.get("membership")
    alarm = alarm_of(workspace) if workspace is not None else ""
    if not alarm:
        return ""
    may_look = membership is not None and membership.may("export")
    return render_to_string("ledger/_alarm.html", {"alarm": alarm, "may_look": may_look})
