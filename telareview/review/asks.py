"""What an app asks for: the variables of the Canvas version that its newest task ran on, if Tela tells them."""

from dataclasses import dataclass
from uuid import UUID

from telareview.accounts.models import Workspace
from telareview.sync.connection import NoKey, tela_client
from telareview.sync.subscriptions import UnknownApp
from telareview.tasks.models import Task
from telareview.tela import TelaError
from telareview.tela.canvas import Variable, get_canvas_version


@dataclass(frozen=True, slots=True)
class Asked:
    """`variables` is None where they are not known, and `trouble` then says why."""

    application_id: UUID
    variables: tuple[Variable, ...] | None
    trouble: Exception | None = None

    @property
    def file_variables(self) -> list[Variable]:
        """Where a dropped file can go: required ones before others."""
        return sorted((each for each in self.variables or () if each.is_file), key=lambda each: not each.required)


def what_app_asks(workspace: Workspace, app_id: UUID) -> Asked:
    """One question to Tela, and none for an app whose Canvas version the mirror does not know. Never raises."""
    version_id = (
        Task.objects.of(workspace)
        .filter(prompt_application_id=app_id, prompt_version_id__isnull=False)
        .order_by("-created_at", "-task_id")
        .values_list("prompt_version_id", flat=True)
        .first()
    )
    try:
        if version_id is None:
            raise UnknownApp
        with tela_client(workspace, hurried=True) as client:
            return Asked(app_id, get_canvas_version(client, version_id).variables)
    except (TelaError, NoKey, UnknownApp) as error:
        return Asked(app_id, None, error)
