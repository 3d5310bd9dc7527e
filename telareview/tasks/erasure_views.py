"""The pages of erasing: one task's, with reason and typed confirmation, and the list of all requests with retention."""

from typing import TYPE_CHECKING
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from telareview.accounts.access import member_required, right_required
from telareview.accounts.encryption import SecretError
from telareview.ledger.sealing import SealError
from telareview.tasks.erasure import MAX_REASON_CHARACTERS, CannotErase, erase_tasks, lift, scope_of
from telareview.tasks.models import Erasure
from telareview.tasks.retention import LEAST_DAYS, MOST_DAYS, days_kept, keep_for
from telareview.tasks.views import task_page

if TYPE_CHECKING:
    from telareview.accounts.access import MemberRequest

REQUESTS_SHOWN = 200
#: Characters of a task's id that are typed to confirm.
TYPED_CHARACTERS = 8
#: Many versions take longer than a page's statement may.
ERASING_SECONDS = 5 * 60


class ErasureForm(forms.Form):
    """Why, and that this task is meant."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Kept for ever, so write no personal data here: the number of the request, say."),
    )
    confirmation = forms.CharField(
        label=gettext_lazy("The first eight characters of the task's id"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Typed by hand, because this cannot be undone."),
    )

    def __init__(self, *args: object, task_id: UUID, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._expected = str(task_id)[:TYPED_CHARACTERS]

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip().lower()
        if typed != self._expected:
            raise forms.ValidationError(_("These are not the first characters of this task's id."))
        return typed


class RetentionForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("Days to keep payloads"),
        required=False,
        min_value=LEAST_DAYS,
        max_value=MOST_DAYS,
        help_text=gettext_lazy("Empty: for ever. Facts, versions and their proof are always kept."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@right_required("administer")
def erase_task(request: "MemberRequest", task_id: UUID) -> HttpResponse:
    """`/tasks/<uuid>/erase/`: what would go, why, and the confirmation; or lifting an erasure."""
    page = task_page(request, task_id, "", None)
    form = ErasureForm(request.POST or None, task_id=task_id)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _act(request, task_id, form.cleaned_data["reason"]))
        except CannotErase:
            form.add_error(None, _("There is nothing to erase or to lift here any more."))
        except (SealError, SecretError):
            form.add_error(None, _("The history cannot be sealed first, so nothing was erased. See the sync page."))
        else:
            return redirect("tasks:detail", task_id)
    context = {"page": page, "form": form, "scope": scope_of(request.workspace, [task_id])}
    return render(request, "tasks/erase.html", context, status=422 if form.errors else 200)


def _act(request: "MemberRequest", task_id: UUID, reason: str) -> str:
    """Erase or lift, and say it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{ERASING_SECONDS}s'")
    if request.POST.get("act") == "lift":
        number = lift(request.workspace, [task_id], reason=reason, asked_by=request.user.email)
        return _("Lifted under request %(number)d. The next look at Tela takes the task in.") % {"number": number}
    erased = erase_tasks(request.workspace, [task_id], reason=reason, asked_by=request.user.email)
    return _("Erased under request %(number)d.") % {"number": erased.number}


@require_safe
@member_required
def erasure_list(request: "MemberRequest") -> HttpResponse:
    """`/tasks/erasures/`: every request, and how long payloads are kept."""
    requests = Erasure.objects.filter(workspace=request.workspace).defer("records").order_by("-number")
    days = days_kept(request.workspace)
    context = {
        "requests": requests[:REQUESTS_SHOWN],
        "days": days,
        "form": RetentionForm(initial={"days": days}),
        "may_set": request.membership.may("administer"),
    }
    return render(request, "tasks/erasures.html", context)


@require_POST
@right_required("administer")
def set_retention(request: "MemberRequest") -> HttpResponse:
    """`/tasks/retention/`: keep payloads for so many days, or for ever."""
    form = RetentionForm(request.POST)
    if form.is_valid():
        keep_for(request.workspace, form.cleaned_data["days"], request.user.email)
        messages.success(request, _("Saved."))
    else:
        sentence = _("Payloads can be kept for %(least)d to %(most)d days, or for ever.")
        messages.error(request, sentence % {"least": LEAST_DAYS, "most": MOST_DAYS})
    return redirect("tasks:erasures")
