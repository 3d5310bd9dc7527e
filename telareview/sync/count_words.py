"""What a comparison of counts found, in the reader's language. Runs keep the figures alone."""

from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from telareview.web.times import number_text

#: Months named one by one; the rest are counted.
MAX_NAMED = 6


def counts_in_readers_language(counted: dict[str, Any] | None) -> str:
    """A sentence or more about `SyncRun.counted`; "" for None."""
    if counted is None:
        return ""
    differing, restless = counted["differing"], counted["restless"]
    sentences = [_compared(counted)]
    if not differing and not restless:
        sentences.append(_("Tela and the mirror hold the same number of tasks."))
    for each in differing[:MAX_NAMED]:
        figures = {"month": each["month"], "tela": _figure(each["tela"]), "mirror": _figure(each["mirror"])}
        sentences.append(_("%(month)s: %(tela)s in Tela, %(mirror)s here.") % figures)
    left = len(differing) - MAX_NAMED
    if left > 0:
        sentences.append(
            ngettext("%(count)d more month differs.", "%(count)d more months differ.", left) % {"count": left}
        )
    if restless:
        sentences.append(_("Changed while being counted: %(months)s.") % {"months": ", ".join(restless[:MAX_NAMED])})
    return " ".join(sentences)


def _compared(counted: dict[str, Any]) -> str:
    months, every = counted["months"], counted["every"]
    figures = {"count": months, "every": every, "tasks": _figure(counted["tasks"])}
    if months == every:
        return (
            ngettext(
                "%(count)d month compared, %(tasks)s tasks.", "%(count)d months compared, %(tasks)s tasks.", months
            )
            % figures
        )
    return _("%(count)d of %(every)d months compared, %(tasks)s tasks.") % figures


def _figure(number: int) -> str:
    return number_text(number, get_language() or "en")
