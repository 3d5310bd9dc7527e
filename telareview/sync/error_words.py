"""The sentences of errors in the reader's language. Runs keep them in English, as they were raised."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

#: Code of an error class → its message, the same text as the class says (a test compares them).
SENTENCES: dict[str, Promise] = {
    "tela_error": _("The call to Tela failed."),
    "no_answer": _("Tela gave no answer. Check the network, then try again."),
    "connect_failed": _("Tela could not be reached. Check TELA_API_URL and this machine's network."),
    "timed_out": _("Tela did not answer in time."),
    "cut_short": _("The connection to Tela broke off before the whole reply had arrived."),
    "refused": _("Tela refused the call."),
    "wrong_key": _("Tela refused the API key (401). Check TELA_API_KEY."),
    "forbidden": _("The API key has no access to this (403). Ask for access to the app in Tela Workstation."),
    "not_found": _("Tela does not have this, or has deleted it (404)."),
    "bad_request": _("Tela did not accept what was asked."),
    "update_failed": _("Tela cannot change this task in its present state."),
    "conflict": _("Tela is busy changing this at the moment (409). Try again."),
    "rate_limited": _("Tela asks for fewer calls (429). Wait a little, then try again."),
    "broken": _("Tela answered, but not as its API documents."),
    "server_failed": _("Tela itself failed. Try again later."),
    "unreadable_reply": _("Tela's reply could not be read as what its API documents."),
    "reply_too_large": _(
        "Tela's reply is larger than 20 MiB and was not read to its end. Ask for fewer tasks at a time."
    ),
    "left_the_host": _(
        "The call leads to another address than Tela's, and is never followed there. Check TELA_API_URL."
    ),
    "budget_spent": _("Tela kept failing, and the repeated calls allowed to one run are used up. Try again later."),
    "answer_lost": _("Tela's answer was lost: whether it did what was asked is not known."),
    "write_refused": _("Writing to Tela is switched off, so nothing was sent. Set TELA_ALLOW_WRITES=1 to allow it."),
    "unsound_page": _("Tela's answer contradicts the question. What arrived before stays; the next pull asks again."),
    "restless_tie": _(
        "Tela kept answering differently for tasks of one and the same time stamp. The next pull begins there again."
    ),
    "too_many_vanished": _(
        "So many tasks vanished at once that the sweep marked none of them gone. Look at Tela first."
    ),
    "pull_is_running": _("Another pull of this workspace is running. Wait until it has ended, then pull again."),
    "stopped": _("The run was stopped. What had arrived is kept; the next run goes on from there."),
    "database": _("The database refused to store what Tela sent."),
    "no_key": _("This workspace has no API key. Set TELA_API_KEY, or enter a key in the administration pages."),
    "unreadable_secret": _(
        "A stored secret cannot be decrypted: SECRET_KEY has changed since it was stored. "
        "Put the former SECRET_KEY back, or enter the API key and the webhook secret again."
    ),
    "task_is_gone": _("Tela no longer serves this task (404). The mirror keeps what it knew."),
    "unreadable_body": _("The body of the call is not a JSON object."),
    "empty_body": _("The body of the call is empty."),
    "body_not_text": _("The body of the call is not UTF-8 text."),
    "body_not_json": _("The body of the call is not JSON."),
    "body_too_deep": _("The body of the call is nested too deeply to be read."),
    "subscription": _("The subscription cannot be changed."),
    "no_webhook_secret": _("This workspace has no webhook secret. Make one first."),
    "set_by_environment": _("The secret is set by TELA_WEBHOOK_SECRET. Change it there, then start anew."),
    "unknown_app": _("The mirror knows no task of this app. Pull first, or check its id."),
    "subscribed_already": _("This app's events come to this address already."),
    "not_ours": _("This subscription calls another address. Change it in Tela."),
}


def in_readers_language(code: str, error: str) -> str:
    """A stored error with its message translated; what it says beyond that (figures, Tela's own words) stays."""
    message = SENTENCES.get(code)
    if message is None:
        return error
    english = _english(message)
    return str(message) + error.removeprefix(english) if error.startswith(english) else error


def sentence_of(code: str) -> str:
    """The sentence of an error of which only the code was kept; the code itself where nobody knows it."""
    return str(SENTENCES.get(code, code))


def message_of(error: Exception) -> str:
    """What is kept of an error beside its code: English, so that it can be told in any language."""
    kept = str(error)
    message = SENTENCES.get(getattr(error, "code", ""))
    return kept if message is None or kept.startswith(_english(message)) else _english(message)


def _english(message: Promise) -> str:
    with override("en"):
        return str(message)


def spoken(error: Exception) -> str:
    """An error that was just caught, in the reader's language."""
    return in_readers_language(getattr(error, "code", ""), str(error))
