"""Apps by the names people gave them. Tela's API has no address that tells an app's name."""

from dataclasses import dataclass
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.tasks.models import AppName, Task


@dataclass(frozen=True, slots=True)
class NamedApp:
    application_id: UUID
    #: "" while nobody has named it.
    name: str


def named_apps(workspace: Workspace) -> list[NamedApp]:
    """The apps that occur in the mirror. Two statements."""
    names = dict(AppName.objects.filter(workspace=workspace).values_list("application_id", "name"))
    apps = Task.objects.all().distinct_values("prompt_application_id", workspace)
    return [NamedApp(application_id, names.get(application_id, "")) for application_id in apps]
