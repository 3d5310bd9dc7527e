"""The address that Tela calls."""

import logging

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from telareview.sync.deliveries import announce
from telareview.sync.news import UnreadableBody
from telareview.sync.webhook import NotAdmitted, TooManyWaiting, WebhookRefused, admitted, read_body, receive

#: Seconds after which a sender may try again what could not be stored.
RETRY_AFTER_SECONDS = 30
ACCEPTED, REPEATED, UNREADABLE, UNAVAILABLE = 202, 200, 400, 503

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def tela(request: HttpRequest, slug: str) -> HttpResponse:
    """`/webhooks/tela/<slug>/`: store a call that carries the secret, answer, and leave the rest to a worker.

    202 new, 200 repeated; else as `WebhookRefused` draws it, 405 for other verbs, 503 while there is no database.
    """
    try:
        workspace = admitted(slug, request.headers)
        kept = receive(workspace, read_body(request))
    except WebhookRefused as refusal:
        logger.warning("A webhook call for %s was refused: %s", slug, refusal)
        return _answer(refusal.status, error=str(refusal))
    except UnreadableBody as error:
        logger.warning("A webhook call for %s could not be read: %s", slug, error)
        return _answer(UNREADABLE, error=str(error))
    except (OperationalError, InterfaceError):
        logger.exception("A webhook call could not be stored.")
        return _answer(UNAVAILABLE, error="The call could not be stored. Send it again.")
    if kept.is_new and kept.news.names_something:
        announce(workspace.pk)
    return _answer(ACCEPTED if kept.is_new else REPEATED, stored=kept.news.event_id)


def _answer(status: int, **said: str) -> HttpResponse:
    answer = JsonResponse(said, status=status, headers={"Cache-Control": "no-store"})
    if status == NotAdmitted.status:
        answer["WWW-Authenticate"] = "Bearer"
    if status in (TooManyWaiting.status, UNAVAILABLE):
        answer["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer
