"""`/tasks.csv`: the list as a file."""

import base64
from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_safe

from telareview.accounts.access import right_required
from telareview.exports.models import ExportRecord
from telareview.exports.plan import Plan, plan_export
from telareview.exports.record import complete, recorded_export
from telareview.exports.refusals import CannotExport
from telareview.exports.spool import Spooled, spool

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from telareview.accounts.access import MemberRequest

RECORDS_SHOWN = 100


@require_GET
@right_required("export")
def tasks_csv(request: "MemberRequest") -> "HttpResponseBase":
    """The whole filtered list in its order; a filter that cannot be read is an error, not another list."""
    query = request.GET.copy()
    profile = query.pop("profile", ["machine"])[-1]
    try:
        plan = plan_export(
            request.workspace,
            query,
            profile=profile,
            locale=get_language() or "en",
            sent=request.META.get("QUERY_STRING", ""),
            requested_by=request.user.email,
        )
        with recorded_export(plan, request.user) as record:
            spooled = spool(plan)
            complete(record, spooled)
    except CannotExport as error:
        return render(request, "exports/broken_filter.html", {"problems": error.problems}, status=400)
    return _download(plan, spooled)


def _download(plan: Plan, spooled: Spooled) -> FileResponse:
    file = spooled.path.open("rb")
    # The open file stays readable without its name, and needs no cleaning up.
    spooled.path.unlink()
    name = f"tasks-{timezone.localtime():%Y-%m-%d-%H%M%S}{plan.profile.suffix}"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=plan.profile.content_type)
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
