"""Why there is no file: what went wrong, told apart and said in a sentence."""

import errno

import psycopg
from django.db import DatabaseError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telareview.exports.models import ExportRecord
from telareview.exports.refusals import CannotExport
from telareview.exports.space import NoSpace

Trouble = ExportRecord.Trouble

SENTENCES: dict[str, str | Promise] = {
    Trouble.DISK: _("The disk of the server could not take the file. Nothing of it is kept."),
    Trouble.SPACE: _("The space for exported files is full. Delete files that are no longer needed, or wait."),
    Trouble.DATABASE: _("The database broke off while the file was written. Nothing of it is kept; export again."),
    Trouble.TOO_LONG: _("The database took longer than an export may take. Narrow the filter and export again."),
    Trouble.ENDED: _("The program that wrote the file was stopped. Nothing of it is kept; export again."),
    Trouble.ERASED: _("Data of a task was erased while the file was written. Nothing of it is kept; export again."),
    Trouble.OTHER: _(
        "Something went wrong that was not foreseen. Nothing of the file is kept; the log has the reason."
    ),
}


def trouble_of(error: BaseException) -> ExportRecord.Trouble:
    """Which kind of trouble an error is."""
    match error:
        case CannotExport():
            return Trouble.REFUSED
        case NoSpace():
            return Trouble.SPACE
        case OSError():
            return Trouble.SPACE if error.errno == errno.EDQUOT else Trouble.DISK
        case DatabaseError():
            slow = isinstance(error.__cause__, psycopg.errors.QueryCanceled)
            return Trouble.TOO_LONG if slow else Trouble.DATABASE
        case KeyboardInterrupt() | SystemExit():
            return Trouble.ENDED
    return Trouble.OTHER


def said_of(error: BaseException) -> str:
    """What is kept of an error: its sentence where it is one for people, else its name and text."""
    told = isinstance(error, CannotExport | NoSpace)
    return (str(error) if told else f"{type(error).__name__}: {error}")[:1000]


def trouble_sentence(record: ExportRecord) -> str:
    """Why the export failed, for people; "" where it did not. What a filter or a format refuses says so itself."""
    if record.trouble in {Trouble.REFUSED, Trouble.SPACE} and record.error:
        return record.error
    return str(SENTENCES.get(record.trouble, record.error))
