"""The shape of an output, from the Canvas version that made it: asked of Tela once, then remembered for a while."""

import hashlib

from django.core.cache import cache

from telareview.accounts.models import Workspace
from telareview.review.shapes import ANY, Shape
from telareview.sync.connection import NoKey, tela_client
from telareview.tasks.models import TaskFacts
from telareview.tela import TelaError
from telareview.tela.canvas import get_canvas_version

#: A published version does not change; a version that could not be asked for is asked for again soon.
KNOWN_SECONDS, UNKNOWN_SECONDS = 3_600, 60


def shape_of(workspace: Workspace, task: TaskFacts) -> Shape:
    """What the task's Canvas version says of its output; any value where it cannot be learned. Never raises for Tela.

    The same question within the hour gets the same answer, so a form reads back what it was made with.
    """
    if task.prompt_version_id is None:
        return ANY
    name = hashlib.sha256(f"{workspace.pk} {workspace.api_url} {task.prompt_version_id}".encode()).hexdigest()
    key = f"canvas-schema-{name}"
    schema = cache.get(key)
    if schema is None:
        try:
            with tela_client(workspace, hurried=True) as client:
                schema = {"schema": get_canvas_version(client, task.prompt_version_id).output_schema}
            cache.set(key, schema, KNOWN_SECONDS)
        except (TelaError, NoKey):
            schema = {"schema": None}
            cache.set(key, schema, UNKNOWN_SECONDS)
    return Shape.of(schema["schema"])
