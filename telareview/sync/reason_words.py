"""Why a row went to quarantine, in the reader's language. Rows keep the reason in English, as the client gave it."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

#: Every reason of `tela.fields` and `tela.records`, with its changing parts by name (a test compares them).
REASONS = (
    gettext_noop("The row is %(kind)s, not an object."),
    gettext_noop("The row is nested deeper than %(levels)s levels."),
    gettext_noop("%(field)s is missing."),
    gettext_noop("%(field)s is not a UUID."),
    gettext_noop("%(field)s is %(kind)s, not text."),
    gettext_noop("%(field)s is %(kind)s, not a whole number."),
    gettext_noop("%(field)s is a number of more than 63 bits."),
    gettext_noop("%(field)s is not an instant with a time zone."),
    gettext_noop("%(field)s is %(kind)s, not an instant."),
    gettext_noop("%(field)s is %(kind)s, not a list."),
    gettext_noop("%(field)s holds %(kind)s, not only text."),
)
#: What JSON calls a value, as `tela.fields.kind_of` says it.
KINDS = {
    "null": gettext_lazy("null"),
    "true or false": gettext_lazy("true or false"),
    "text": gettext_lazy("text"),
    "a list": gettext_lazy("a list"),
    "an object": gettext_lazy("an object"),
    "a number": gettext_lazy("a number"),
}
PART = re.compile(r"%\((field|kind|levels)\)s")


def reason_in_readers_language(reason: str) -> str:
    """The reason translated, the field by its name in the API; one of another version as it was kept."""
    for sentence, pattern in _PATTERNS:
        if match := pattern.fullmatch(reason):
            told = match.groupdict()
            return _(sentence) % (told | ({"kind": KINDS[told["kind"]]} if told.get("kind") else {}))
    return reason


def _pattern(sentence: str) -> re.Pattern[str]:
    spelled = {"field": r"(?P<field>\w+)", "levels": r"(?P<levels>\d+)", "kind": f"(?P<kind>{'|'.join(KINDS)})"}
    words = PART.split(sentence)
    # Every second word is the name of a part.
    return re.compile("".join(spelled[word] if place % 2 else re.escape(word) for place, word in enumerate(words)))


_PATTERNS = [(sentence, _pattern(sentence)) for sentence in REASONS]
