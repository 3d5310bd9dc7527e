"""What each role may do in a workspace. The one place where rights are given."""

from typing import Literal

from django.db import models
from django.utils.translation import gettext_lazy as _

Right = Literal["view", "export", "sync", "create", "approve", "identify", "administer"]

#: Every right with the words that stand in "You may not …".
RIGHTS: dict[Right, object] = {
    "view": _("see the tasks of this workspace"),
    "export": _("export tasks as CSV"),
    "sync": _("start a synchronisation with Tela"),
    "create": _("create tasks in Tela"),
    "approve": _("approve or correct tasks in Tela"),
    "identify": _("see who created and approved tasks"),
    "administer": _("administer this workspace"),
}


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer")
    AUDITOR = "auditor", _("Auditor")
    OPERATOR = "operator", _("Operator")
    REVIEWER = "reviewer", _("Reviewer")
    ADMIN = "admin", _("Administrator")


RIGHTS_OF: dict[str, frozenset[Right]] = {
    Role.VIEWER: frozenset({"view"}),
    Role.AUDITOR: frozenset({"view", "export", "identify"}),
    Role.OPERATOR: frozenset({"view", "export", "sync", "create"}),
    Role.REVIEWER: frozenset({"view", "export", "approve", "identify"}),
    Role.ADMIN: frozenset(RIGHTS),
}


def role_may(role: str, right: Right) -> bool:
    """Whether `role` holds `right`. An unknown role holds none. Raises KeyError for a right that does not exist."""
    if right not in RIGHTS:
        raise KeyError(f"{right!r} is no right. The rights are {', '.join(RIGHTS)}.")
    return right in RIGHTS_OF.get(role, frozenset())
