"""`/tasks.csv`: the list as a file."""

import base64
from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from telareview.accounts.access import right_required
from telareview.exports.columns import UnknownColumn, columns_named
from telareview.exports.models import ExportRecord
from telareview.exports.record import complete, recorded_export
from telareview.exports.spool import spool_csv
from telareview.exports.strict import BrokenFilter, read_strictly

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from telareview.accounts.access import MemberRequest

RECORDS_SHOWN = 100


@require_GET
@right_required("export")
def tasks_csv(request: "MemberRequest") -> "HttpResponseBase":
    """The whole filtered list in its order; a filter that cannot be read is an error, not another list."""
    try:
        asked = read_strictly(request.GET, request.workspace)
        columns = columns_named(asked.task_filter.cols)
    except (BrokenFilter, UnknownColumn) as error:
        context = {"problems": getattr(error, "problems", [str(error)])}
        return render(request, "exports/broken_filter.html", context, status=400)
    listed = asked.task_filter.whole_list()
    with recorded_export(request.workspace, request.user, listed, columns, "machine") as record:
        spooled = spool_csv(request.workspace, listed, asked.zone, columns)
        complete(record, spooled)
    file = spooled.path.open("rb")
    # The open file stays readable without its name, and needs no cleaning up.
    spooled.path.unlink()
    name = f"tasks-{timezone.localtime():%Y-%m-%d-%H%M%S}.csv"
    response = FileResponse(
        file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8; header=present"
    )
    digest = base64.b64encode(bytes.fromhex(spooled.sha256)).decode()
    response.headers["Content-Length"] = str(spooled.size_bytes)
    response.headers["ETag"] = f'"{spooled.sha256}"'
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers["X-Row-Count"] = str(spooled.rows)
    return response


@require_safe
@right_required("export")
def export_list(request: "MemberRequest") -> HttpResponse:
    """`/exports/`: who took what away, and how it ended."""
    records = ExportRecord.objects.filter(workspace=request.workspace).order_by("-started_at")[:RECORDS_SHOWN]
    return render(request, "exports/list.html", {"records": records})
