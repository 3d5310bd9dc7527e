"""`/tasks.csv`, the export panel, and the making of files."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from telareview.accounts.access import right_required
from telareview.exports.jobs import ask_for_file
from telareview.exports.making import make_at_once
from telareview.exports.panel import check_rows, make_panel, plan_for, remember, takes_a_job, wanted_columns
from telareview.exports.profiles import PROFILES
from telareview.exports.record import Cancelled, open_record
from telareview.exports.refusals import CannotExport, UnknownColumn
from telareview.exports.sending import send_file
from telareview.exports.trouble import SENTENCES, said_of, trouble_of
from telareview.web.errors import error_page
from telareview.web.htmx import render_page_or_part

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from telareview.accounts.access import MemberRequest
    from telareview.exports.plan import Plan

UNREADABLE_FORM, NO_SPACE = 422, 507


@require_GET
@right_required("export")
def tasks_csv(request: "MemberRequest") -> "HttpResponseBase":
    """The whole filtered list in its order, at once; a filter that cannot be read is an error, not another list."""
    query = request.GET.copy()
    profile, delimiter = (query.pop(name, [usual])[-1] for name, usual in (("profile", "machine"), ("delimiter", "")))
    try:
        plan = plan_for(request, query, profile=profile, delimiter=delimiter, sent=request.META.get("QUERY_STRING", ""))
        record, file = make_at_once(plan, request.user, kept=False)
    except (CannotExport, Cancelled, OSError) as error:
        return _refused(request, error)
    return send_file(request, record, file, resumable=False)


@require_http_methods(["GET", "HEAD", "POST"])
@right_required("export")
def panel(request: "MemberRequest") -> "HttpResponseBase":
    """`/exports/new/`: the panel for the list whose parameters the address carries; sent, it makes the file."""
    if request.method == "POST":
        return _create(request)
    query = request.GET.copy()
    query.pop("cols", None)
    try:
        made = make_panel(request, query)
    except CannotExport as error:
        return _refused(request, error)
    return render_page_or_part(request, "exports/new.html", "panel", {"panel": made})


def _create(request: "MemberRequest") -> "HttpResponseBase":
    """A sent panel: the file at once where it is small, else a job, and its page."""
    query = QueryDict(request.POST.get("query", ""))
    try:
        plan = _sent_plan(request, query)
        remember(request, plan)
        if takes_a_job(plan):
            check_rows(plan)
            with transaction.atomic():
                record = open_record(plan, request.user, by_job=True)
                ask_for_file(record.pk)
            return redirect("exports:detail", record.pk)
        record, file = make_at_once(plan, request.user, kept=True)
        file.close()
    except (CannotExport, Cancelled, OSError) as error:
        return _panel_again(request, query, error)
    return redirect("exports:file", record.pk)


def _sent_plan(request: "MemberRequest", query: QueryDict) -> "Plan":
    """The plan of a sent panel. Raises CannotExport, also when no column is ticked."""
    profile, columns = request.POST.get("profile", "machine"), wanted_columns(request.POST)
    # The panel sends it with every kind of file.
    has_delimiter = profile in PROFILES and PROFILES[profile].has_delimiter
    delimiter = request.POST.get("delimiter", "") if has_delimiter else ""
    sent = request.POST.get("query", "")
    plan = plan_for(request, query, profile=profile, columns=columns, delimiter=delimiter, sent=sent)
    if plan.columns and not columns:
        raise UnknownColumn(_("Choose one column at least."))
    return plan


def _panel_again(request: "MemberRequest", query: QueryDict, error: Exception) -> HttpResponse:
    """The panel as it was sent, with what is wrong; a page of its own where the list itself cannot be read."""
    if not isinstance(error, CannotExport):
        return _refused(request, error)
    try:
        made = make_panel(request, query, request.POST)
    except CannotExport as broken:
        return _refused(request, broken)
    context = {"panel": made, "problems": error.problems}
    return render_page_or_part(request, "exports/new.html", "panel", context, status=UNREADABLE_FORM)


def _refused(request: "MemberRequest", error: Exception) -> HttpResponse:
    """400 with every problem of a list that is no file; 507 and 503 with a sentence where the file could not be."""
    if isinstance(error, CannotExport):
        return render(request, "exports/broken_filter.html", {"problems": error.problems}, status=400)
    if isinstance(error, Cancelled):
        return error_page(request, 503, sentence=str(SENTENCES["erased"]))
    trouble = trouble_of(error)
    sentence = said_of(error) if trouble == "space" else str(SENTENCES[trouble])
    return error_page(request, NO_SPACE, sentence=sentence)
