"""What is to be exported, said completely: the same plan over the same states makes the same bytes."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telareview.accounts.models import Workspace
from telareview.accounts.pseudonyms import hidden_workspace
from telareview.exports.columns import Column, columns_named
from telareview.exports.csv_excel import LOCALES
from telareview.exports.profiles import Profile, profile_named
from telareview.exports.refusals import UnknownProfile
from telareview.exports.strict import read_strictly
from telareview.tasks.filters import TaskFilter

if TYPE_CHECKING:
    from telareview.tasks.parameters import MultiDict

#: What may stand between the cells of profile `excel`.
DELIMITERS: dict[str, str | Promise] = {";": gettext_lazy("semicolon"), ",": gettext_lazy("comma")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One export. Made by `plan_export`, kept as JSON by `as_json`, and carried out by `spool.spool`."""

    workspace: Workspace
    #: The whole list, without place and page size.
    task_filter: TaskFilter
    #: Days of the filter are days of it; files for people show moments in it.
    zone: ZoneInfo
    #: Empty for formats of whole tasks.
    columns: tuple[Column, ...]
    profile: Profile
    #: Words, delimiter and decimal sign of files for people: a code of settings.LANGUAGES.
    locale: str = settings.LANGUAGE_CODE
    #: Of profile `excel`, where the locale's own is not wanted; else "".
    delimiter: str = ""
    #: Whether people are pseudonyms.
    masked: bool = False
    #: The query string as it was sent.
    sent: str = ""
    #: E-mail address; "" for a command.
    requested_by: str = ""
    requested_at: dt.datetime = field(default_factory=timezone.now)

    @property
    def separator(self) -> str:
        """What stands between the cells; "" where the format has no such thing."""
        return (self.delimiter or LOCALES[self.locale][0]) if self.profile.has_delimiter else ""

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads back, for a job that is done later."""
        return {
            "query": self.task_filter.as_query(),
            "zone": self.zone.key,
            "columns": [column.name for column in self.columns],
            "profile": self.profile.name,
            "locale": self.locale,
            "delimiter": self.delimiter,
            "masked": self.masked,
            "sent": self.sent,
            "requestedBy": self.requested_by,
            "requestedAt": self.requested_at.isoformat(),
        }

    @classmethod
    def from_json(cls, workspace: Workspace, stored: dict[str, Any]) -> Self:
        """The plan that `as_json` wrote. Raises CannotExport where the product no longer understands it."""
        zone = ZoneInfo(stored["zone"])
        asked = read_strictly(QueryDict(stored["query"]), workspace, zone)
        profile = profile_named(stored["profile"])
        return cls(
            workspace=workspace,
            task_filter=asked.task_filter.whole_list(),
            zone=zone,
            columns=tuple(columns_named(stored["columns"])) if profile.has_columns else (),
            profile=profile,
            locale=stored["locale"],
            delimiter=stored["delimiter"],
            masked=stored["masked"],
            sent=stored["sent"],
            requested_by=stored["requestedBy"],
            requested_at=dt.datetime.fromisoformat(stored["requestedAt"]),
        )


def plan_export(
    workspace: Workspace,
    query: "MultiDict",
    *,
    profile: str = "machine",
    columns: Iterable[str] = (),
    zone: ZoneInfo | None = None,
    locale: str = settings.LANGUAGE_CODE,
    delimiter: str = "",
    masked: bool | None = None,
    sent: str = "",
    requested_by: str = "",
) -> Plan:
    """The plan for a list's query string, read to the letter; `columns` wins over its `cols`.

    Unless `masked` is told, people are hidden where they are from the present reader. `query` holds the list's own
    parameters only (take `profile` and the like out first). Raises CannotExport.
    """
    chosen = profile_named(profile)
    if delimiter and (delimiter not in DELIMITERS or not chosen.has_delimiter):
        raise UnknownProfile(_("A delimiter is a semicolon or a comma, and of profile excel only."))
    asked = read_strictly(query, workspace, zone)
    chosen_columns = columns_named(list(columns) or asked.task_filter.cols) if chosen.has_columns else []
    return Plan(
        workspace=workspace,
        task_filter=asked.task_filter.whole_list(),
        zone=asked.zone,
        columns=tuple(chosen_columns),
        profile=chosen,
        locale=locale,
        delimiter=delimiter,
        masked=hidden_workspace() is not None if masked is None else masked,
        sent=sent,
        requested_by=requested_by,
    )
