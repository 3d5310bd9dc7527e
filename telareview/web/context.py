"""What every template may use, beside Django's own: the frame of a page. Asks the database nothing."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import is_valid_path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the navigation."""

    #: Short and lasting: names the icon.
    name: str
    label: Promise | str
    address: str
    #: The right a member needs to see it.
    right: str


ENTRIES = (
    Entry(name="tasks", label=_("Tasks"), address="/tasks/", right="view"),
    Entry(name="history", label=_("History"), address="/history/", right="view"),
    Entry(name="insights", label=_("Insights"), address="/insights/", right="view"),
    Entry(name="exports", label=_("Exports"), address="/exports/", right="export"),
    Entry(name="sync", label=_("Sync"), address="/sync/", right="view"),
    Entry(name="administration", label=_("Administration"), address="/admin/", right="administer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How the reader wants pages to look; these are a visitor's."""

    theme: str = "auto"
    density: str = "comfortable"
    shortcuts: bool = True
    page_size: int = 50


def page(request: HttpRequest) -> dict[str, Any]:
    """The context processor.

    `navigation` entries with `current`, `preferences`, `workspace` and `memberships` (None and empty for a visitor),
    `product_version`, `request_id`.
    """
    membership = getattr(request, "membership", None)
    return {
        "navigation": navigation(request.path, membership),
        "preferences": preferences(request),
        "membership": membership,
        "memberships": getattr(request, "memberships", []),
        "workspace": getattr(request, "workspace", None),
        "product_version": __version__,
        "request_id": getattr(request, "request_id", ""),
    }


def navigation(path: str, membership: Any) -> list[dict[str, Any]]:
    """The entries whose page exists and which the membership allows; `current` marks the one that `path` lies under."""
    if membership is None:
        return []
    return [
        {"name": entry.name, "label": entry.label, "address": entry.address, "current": path.startswith(entry.address)}
        for entry in ENTRIES
        if _exists(entry.address) and membership.may(entry.right)
    ]


def preferences(request: HttpRequest) -> Preferences:
    """Those of the person who is signed in, else a visitor's."""
    person: Any = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return Preferences()
    return Preferences(
        theme=person.theme, density=person.density, shortcuts=person.shortcuts, page_size=person.page_size
    )


@lru_cache(maxsize=len(ENTRIES))
def _exists(address: str) -> bool:
    return bool(is_valid_path(address))
