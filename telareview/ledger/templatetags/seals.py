"""`{% load seals %}`: the loud word about a history that can no longer be sealed, for the head of every page."""

from typing import Any

from django import template

from telareview.ledger.alarm import alarm_of

register = template.Library()


@register.inclusion_tag("ledger/_alarm.html", takes_context=True)
def seal_banner(context: dict[str, Any]) -> dict[str, Any]:
    """The banner where nothing of the reader's workspace can be sealed, else nothing."""
    workspace, membership = context.get("workspace"), context.get("membership")
    return {
        "alarm": alarm_of(workspace) if workspace is not None else "",
        "may_look": membership is not None and membership.may("export"),
    }
