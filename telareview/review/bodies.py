"""Uploads: who may not write is turned away before a byte of the body is read, and a body that breaks off is told.

Django's own CSRF check reads the body first, whoever sends it. So the views that take uploads are exempt from it, check
the rights, and wear `@uploads`, which reads the body and then makes the same check.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from telareview.accounts.access import MemberRequest
from telareview.review.problems import problem, sentence
from telareview.web.errors import error_page

#: Name of the last field of every upload form: it is missing when the body was cut off.
LAST_FIELD = "whole"

type View[**P] = Callable[Concatenate[MemberRequest, P], HttpResponse]


def uploads[**P](view: View[P]) -> View[P]:
    """Reads the form to its end, then checks its token; a body that is cut off or holds too much gets a sentence."""
    protected = csrf_protect(view)

    @wraps(view)
    def guarded(request: MemberRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        said = _trouble(request) if request.method == "POST" else ""
        if said:
            return error_page(request, 400, sentence=said)
        return protected(request, *args, **kwargs)

    # Django's own check stands before every view and would read the body first: `protected` does it instead.
    return csrf_exempt(guarded)


def _trouble(request: HttpRequest) -> str:
    """What is wrong with the body; "" when it is whole."""
    try:
        whole = LAST_FIELD in request.POST
    except (UnreadablePostError, MultiPartParserError):
        whole = False
    except (TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig):
        return sentence(problem("too_many_files", most=settings.DATA_UPLOAD_MAX_NUMBER_FILES))
    return "" if whole else sentence(problem("upload_cut"))
