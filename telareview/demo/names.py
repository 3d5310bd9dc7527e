"""What the demo's people call their workspace and its apps. Tela's API tells neither."""

from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.tasks.models import AppName

WORKSPACE = "Acme Finance"
APPS = {
    UUID("95cec438-6080-44fe-8275-28b16bd40178"): "Notas fiscais",
    UUID("b7d3a9f0-5e12-4c86-a4d9-0f1e2d3c4b5a"): "Contratos",
    UUID("c8e4ba01-6f23-4d97-b5ea-102f3e4d5c6b"): "Medical claims",
}


def name_demo(workspace: Workspace) -> None:
    """Give the demo's workspace and apps their names; names that somebody changed stay."""
    if workspace.name != WORKSPACE:
        workspace.name = WORKSPACE
        workspace.save(update_fields=["name"])
    AppName.objects.bulk_create(
        [AppName(workspace=workspace, application_id=app, name=name) for app, name in APPS.items()],
        ignore_conflicts=True,
    )
