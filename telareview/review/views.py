"""`/tasks/new/`: one new task; `/tasks/new/many/`: many at once, looked at before anything is sent."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from telareview.accounts.access import right_required
from telareview.accounts.writing import write_required
from telareview.review import acts, forms_shown
from telareview.review.asks import what_app_asks
from telareview.review.bodies import uploads
from telareview.review.dropped import DropForm
from telareview.review.jobs import ask_for_sending
from telareview.review.models import Batch
from telareview.review.new_form import NewTaskForm, app_of
from telareview.review.problems import Unreadable
from telareview.review.progress import Progress, report, told_rows
from telareview.review.rows import template_of
from telareview.sync.error_words import spoken
from telareview.web.htmx import render_page_or_part

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

UNPROCESSABLE = 422
BATCHES_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@write_required("create")
@uploads
def new(request: "MemberRequest") -> HttpResponse:
    """`/tasks/new/`: choose an app, fill in what it asks for, create the task."""
    app_id = app_of(request.POST.get("app") or request.GET.get("app") or "")
    if app_id is None:
        return render(request, "review/new.html", forms_shown.choice_of_app(request))
    form = forms_shown.new_task_form(request, app_id)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, UNPROCESSABLE if request.method == "POST" else 200)
    batch = acts.create_one(request.workspace, request.user, form, forms_shown.webhook_address(request))
    row = batch.rows.get()
    if row.task_id is not None:
        messages.success(request, _("Created. This page moves on by itself when the run has ended."))
        return redirect("tasks:detail", row.task_id)
    if batch.state == Batch.State.ENDED:
        form.add_error(None, acts.told(row))
        return _form(request, form, UNPROCESSABLE)
    return redirect("review:batch", batch.pk)


def _form(request: "MemberRequest", form: NewTaskForm, status: int) -> HttpResponse:
    context = {**forms_shown.choice_of_app(request), **forms_shown.form_context(form)}
    return render(request, "review/new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@write_required("create")
@uploads
def many(request: "MemberRequest") -> HttpResponse:
    """`/tasks/new/many/`: a CSV or dropped files become a batch that can be looked at."""
    app_id = app_of(request.POST.get("app") or request.GET.get("app") or "")
    form = forms_shown.drop_form(request, app_id) if app_id else None
    problem = ""
    if request.method == "POST":
        try:
            batch = _taken(request, form)
        except Unreadable as error:
            problem = str(error)
        else:
            if batch is not None:
                return redirect("review:batch", batch.pk)
    context = {**forms_shown.choice_of_app(request), "form": form, "problem": problem}
    context["untold"] = spoken(form.asked.trouble) if form and form.asked.trouble else ""
    context["batches"] = Batch.objects.filter(workspace=request.workspace).order_by("-created_at")[:BATCHES_SHOWN]
    return render(request, "review/many.html", context, status=UNPROCESSABLE if request.method == "POST" else 200)


def _taken(request: "MemberRequest", form: DropForm | None) -> Batch | None:
    """What was sent, as a draft; None where the form has mistakes. Raises Unreadable."""
    table, files = request.FILES.get("table"), request.FILES.getlist("files")
    if form is None:
        raise Unreadable("no_app")
    if table is not None:
        return acts.take_table(request.workspace, request.user, form.asked, table)
    if not files:
        raise Unreadable("no_file")
    return acts.take_files(request.workspace, request.user, form, files) if form.is_valid() else None


@require_safe
@write_required("create")
def template(request: "MemberRequest") -> HttpResponse:
    """`/tasks/new/template.csv`: the header of a table for an app."""
    app_id = app_of(request.GET.get("app", ""))
    if app_id is None:
        raise Http404(_("There is no such app in this workspace."))
    asked = what_app_asks(request.workspace, app_id)
    line = ",".join(f'"{name}"' if "," in name or '"' in name else name for name in template_of(asked))
    headers = {"Content-Disposition": 'attachment; filename="tasks.csv"'}
    return HttpResponse(f"{line}\r\n", content_type="text/csv; charset=utf-8", headers=headers)


@require_safe
@right_required("create")
def batch(request: "MemberRequest", number: int) -> HttpResponse:
    """`/tasks/new/many/<n>/`: what would be sent, or how far it is."""
    found = _batch(request, number)
    context = {"batch": found, "progress": Progress(found), "rows": told_rows(found), **forms_shown.of_batch(found)}
    context["may_tell"] = forms_shown.can_tell(request.workspace)
    context["sent_again"] = acts.SENT_AGAIN if found.state in acts.AT_REST else ()
    return render_page_or_part(request, "review/batch.html", "progress", context)


@require_POST
@write_required("create")
def act(request: "MemberRequest", number: int) -> HttpResponse:
    """`/tasks/new/many/<n>/act/`: send, stop, go on, throw away."""
    found = _batch(request, number)
    wanted = request.POST.get("act", "")
    if wanted == "send":
        address = forms_shown.webhook_address(request) if request.POST.get("tell") else ""
        if acts.begin(found, request.user, address):
            ask_for_sending(found)
    elif wanted == "discard" and acts.discard(found):
        messages.success(request, _("Thrown away. Nothing was sent."))
        return redirect("review:many")
    elif wanted == "stop":
        acts.ask_to_stop(found)
    elif wanted != "discard":
        raise Http404
    return redirect("review:batch", found.pk)


@require_safe
@right_required("create")
def batch_report(request: "MemberRequest", number: int) -> StreamingHttpResponse:
    """`/tasks/new/many/<n>/report.csv`: what became of every row."""
    found = _batch(request, number)
    headers = {"Content-Disposition": f'attachment; filename="tasks-batch-{found.pk}.csv"'}
    return StreamingHttpResponse(report(found), content_type="text/csv; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@write_required("create")
def again(request: "MemberRequest", number: int, line: int) -> HttpResponse:
    """`/tasks/new/many/<n>/<line>/again/`: send a row once more, after saying what may come of it."""
    found = _batch(request, number)
    row = get_object_or_404(found.rows.select_related("action"), number=line, state__in=acts.SENT_AGAIN)
    if request.method == "POST" and request.POST.get("looked"):
        if acts.send_again(row, request.user):
            ask_for_sending(found)
            messages.success(request, _("It goes out once more, in your name."))
        else:
            messages.warning(request, _("Nothing was sent: this batch is under way. Wait until it has stopped."))
        return redirect("review:batch", found.pk)
    context = {"batch": found, "row": row, "not_looked": request.method == "POST", **forms_shown.of_batch(found)}
    context["list_address"] = forms_shown.tasks_since(found, row)
    return render(request, "review/again.html", context, status=UNPROCESSABLE if request.method == "POST" else 200)


def _batch(request: "MemberRequest", number: int) -> Batch:
    return get_object_or_404(Batch.objects.select_related("workspace"), workspace=request.workspace, pk=number)
