"""`/exports/`: who took what away and how it ended; one export, its file and its manifest."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from telareview.accounts.access import refusal, right_required
from telareview.accounts.pseudonyms import hidden_workspace, person_shown
from telareview.exports.manifest import manifest_shown, manifest_text
from telareview.exports.models import ExportRecord
from telareview.exports.record import cancel
from telareview.exports.sending import send_file
from telareview.exports.space import space
from telareview.exports.stored import open_file, remove_file
from telareview.exports.trouble import trouble_sentence
from telareview.web.errors import Refused
from telareview.web.htmx import render_page_or_part

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from telareview.accounts.access import MemberRequest

RECORDS_SHOWN, DOWNLOADS_SHOWN = 100, 200
GONE = 410


@require_safe
@right_required("export")
def export_list(request: "MemberRequest") -> HttpResponse:
    """`/exports/`: the newest exports, or those older than the one named by `before`."""
    records = ExportRecord.objects.filter(workspace=request.workspace).annotate(fetched=Count("downloads"))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal():
        records = records.filter(pk__lt=int(before))
    shown = list(records.order_by("-pk")[: RECORDS_SHOWN + 1])
    context = {
        "records": shown[:RECORDS_SHOWN],
        "older": shown[RECORDS_SHOWN - 1].pk if len(shown) > RECORDS_SHOWN else None,
        "newest": not before,
        "running": any(record.ended_at is None for record in shown),
        "space": space(),
    }
    return render_page_or_part(request, "exports/list.html", "exports", context)


@require_safe
@right_required("export")
def detail(request: "MemberRequest", number: int) -> HttpResponse:
    """`/exports/<number>/`: how far it is or how it ended, its manifest, and who fetched the file."""
    record = _record(request, number)
    context = {
        "record": record,
        "sentence": trouble_sentence(record),
        "downloads": record.downloads.select_related("record").order_by("-at")[:DOWNLOADS_SHOWN],
        "manifest": manifest_text(manifest_shown(record.manifest)) if record.manifest else "",
        "ahead": ExportRecord.objects.filter(by_job=True, ended_at=None, pk__lt=record.pk).count(),
        "may_end": _may_end(request, record),
    }
    return render_page_or_part(request, "exports/detail.html", "export", context)


@require_safe
@right_required("export")
def file(request: "MemberRequest", number: int) -> "HttpResponseBase":
    """`/exports/<number>/file/`: the file, whole or a range of it; 404 before it is finished, 410 when it went."""
    record = _record(request, number)
    if record.kept_until is None:
        raise Http404(_("This export has no file."))
    if hidden_workspace() and not record.manifest.get("peopleMasked"):
        # Made by somebody who may see people; the file names them.
        raise refusal(request.membership, "identify")
    opened = open_file(record) if record.has_file else None
    if opened is None:
        record.refresh_from_db()
        return render(request, "exports/gone.html", {"record": record}, status=GONE)
    return send_file(request, record, opened, resumable=True)


@require_safe
@right_required("export")
def manifest(request: "MemberRequest", number: int) -> HttpResponse:
    """`/exports/<number>/manifest.json`: what the file says of itself, also after it went."""
    record = _record(request, number)
    if not record.manifest:
        raise Http404(_("This export has no manifest."))
    headers = {"Content-Disposition": f'attachment; filename="{record.file_name}.manifest.json"'}
    return HttpResponse(
        manifest_text(manifest_shown(record.manifest)), content_type="application/json", headers=headers
    )


@require_POST
@right_required("export")
def cancellation(request: "MemberRequest", number: int) -> HttpResponse:
    """`/exports/<number>/cancellation/`: end an export that waits or runs."""
    record = _record_to_end(request, number)
    cancel(record, request.user.email)
    return redirect("exports:detail", number)


@require_POST
@right_required("export")
def removal(request: "MemberRequest", number: int) -> HttpResponse:
    """`/exports/<number>/removal/`: take the stored file away; its line in the log stays."""
    if remove_file(_record_to_end(request, number), ExportRecord.Removal.BY_HAND):
        messages.success(request, _("The file was deleted. Its manifest stays."))
    return redirect("exports:detail", number)


def _record(request: "MemberRequest", number: int) -> ExportRecord:
    """An export of this workspace. Raises Http404 for everything else."""
    record = ExportRecord.objects.filter(workspace=request.workspace, pk=number).first()
    if record is None:
        raise Http404(_("There is no such export in this workspace."))
    return record


def _may_end(request: "MemberRequest", record: ExportRecord) -> bool:
    return record.person_id == request.user.pk or request.membership.may("administer")


def _record_to_end(request: "MemberRequest", number: int) -> ExportRecord:
    """As `_record`, for those who may cancel it or delete its file. Raises Refused for others."""
    record = _record(request, number)
    if not _may_end(request, record):
        raise Refused(
            _("Only %(person)s, who made this export, or an administrator can cancel it or delete its file.")
            % {"person": person_shown(record.person_email) or _("whoever is at the server")}
        )
    return record
