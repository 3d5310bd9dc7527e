"""What people do with their own account; the sign-in itself is allauth's."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from telareview.accounts.access import SESSION_WORKSPACE, MemberRequest, member_required, safe_next
from telareview.accounts.forms import PreferencesForm, ThemeForm
from telareview.accounts.models import Person

UNREADABLE_FORM = 422


@require_POST
@member_required
def switch_workspace(request: MemberRequest) -> HttpResponseRedirect:
    """Enters the workspace whose slug is posted as `workspace`; 404 for one that is not the person's."""
    wanted = request.POST.get("workspace", "")
    if wanted not in {membership.workspace.slug for membership in request.memberships}:
        raise Http404
    request.session[SESSION_WORKSPACE] = wanted
    return HttpResponseRedirect(safe_next(request))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def preferences(request: HttpRequest) -> HttpResponse:
    """The person's own language, time zone, theme, density, page size and shortcuts."""
    # A copy: a refused form must not change how this very page is rendered.
    person = Person.objects.get(pk=cast("Person", request.user).pk)
    form = PreferencesForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your preferences are kept."))
        return redirect("accounts:preferences")
    status = UNREADABLE_FORM if form.is_bound else 200
    return render(request, "accounts/preferences.html", {"form": form, "zones": form.zones}, status=status)


@require_POST
@login_required
def theme(request: HttpRequest) -> HttpResponse:
    """The theme button: keeps the posted `theme`; answers htmx with 204, and a plain form with a way back to `next`."""
    person = Person.objects.get(pk=cast("Person", request.user).pk)
    form = ThemeForm(request.POST, instance=person)
    if not form.is_valid():
        return HttpResponse(status=UNREADABLE_FORM)
    form.save()
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return HttpResponseRedirect(safe_next(request))


@require_GET
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """No mail is sent from here, so a forgotten password is replaced by an administrator: the page says so."""
    return render(request, "account/password_reset.html")


def closed(request: HttpRequest, **_address: str) -> HttpResponse:
    """404 for pages of allauth that this product does not offer."""
    raise Http404
