"""`/history/seals/`: how the history is sealed, where the checkpoints went, and what a stranger needs to verify it."""

import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from telareview.accounts.access import right_required
from telareview.ledger.models import Checkpoint, SigningKey
from telareview.ledger.notes import verifier_key
from telareview.ledger.record import write_record
from telareview.ledger.sealing import COUNTED, heads, unsealed
from telareview.ledger.sending import standings
from telareview.web.errors import Refused

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from telareview.accounts.access import MemberRequest

CHECKPOINTS_SHOWN = 50
#: A record of more leaves takes longer than a page may; the command makes it.
MOST_LEAVES = 50_000
#: A record that waits longer has been overlooked, or nobody seals.
LATE_AFTER_SECONDS = 5 * 60

logger = structlog.get_logger(__name__)


@require_safe
@right_required("export")
def seals(request: "MemberRequest") -> HttpResponse:
    """The page."""
    workspace = request.workspace
    waiting, since = unsealed(workspace, thorough=False)
    keys = SigningKey.objects.filter(workspace=workspace).order_by("-pk")
    head = heads([workspace]).get(workspace.pk)
    context = {
        "head": head,
        "checkpoints": Checkpoint.objects.filter(workspace=workspace).order_by("-size")[:CHECKPOINTS_SHOWN],
        "keys": [(key, verifier_key(key.name, bytes(key.public_key))) for key in keys],
        "waiting": waiting,
        "waiting_counted": COUNTED,
        "waiting_since": since,
        "late": since is not None and (timezone.now() - since).total_seconds() > LATE_AFTER_SECONDS,
        "standings": standings(workspace),
        "too_large": head is not None and head.size > MOST_LEAVES,
    }
    return render(request, "ledger/seals.html", context)


@require_safe
@right_required("export")
def checkpoints(request: "MemberRequest") -> HttpResponse:
    """Every signed checkpoint of the workspace, as text."""
    notes = Checkpoint.objects.filter(workspace=request.workspace).order_by("size").values_list("note", flat=True)
    response = HttpResponse("".join(notes), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="checkpoints.txt"'
    return response


@require_safe
@right_required("export")
def record(request: "MemberRequest") -> "HttpResponseBase":
    """The record of `export_history` as a ZIP file, for histories that are small enough."""
    head = heads([request.workspace]).get(request.workspace.pk)
    if head is not None and head.size > MOST_LEAVES:
        raise Refused(_("The history is too large for a page. The command export_history writes it into a folder."))
    with tempfile.TemporaryDirectory() as folder:
        write_record(request.workspace, Path(folder))
        # The open file stays readable without its name, and needs no cleaning up.
        spooled = tempfile.TemporaryFile()  # noqa: SIM115
        with zipfile.ZipFile(spooled, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.write(path, path.name)
    spooled.seek(0)
    logger.info("history_record_taken", workspace=request.workspace.slug, person=request.user.pk)
    name = f"history-{request.workspace.slug}-{timezone.now():%Y-%m-%d-%H%M%S}.zip"
    return FileResponse(spooled, as_attachment=True, filename=name, content_type="application/zip")
