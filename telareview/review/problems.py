"""What may be wrong with a file or a row before anything is sent, as a code with words, told when it is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Code → sentence. Kept by their codes, so that each reader gets them in their own language.
SENTENCES: dict[str, Promise] = {
    # The whole file
    "empty_file": _("The file is empty."),
    "file_too_large": _("The file has %(size)s MB; at most %(most)s MB can be read. Divide it."),
    "not_text": _("The file is no table of text. Save it as CSV (UTF-8)."),
    "broken_quotes": _("The quotes in line %(line)s do not end. The file may have been cut off."),
    "too_many_rows": _("The file has more than %(most)s rows. Divide it."),
    "no_rows": _("The file has a header, but no rows."),
    "no_name_column": _("The column “name” is missing. The first line names the columns: %(columns)s."),
    "repeated_column": _("The column “%(column)s” stands there twice."),
    "unnamed_column": _("Column %(place)s has no name."),
    "unknown_column": _("The app asks for no “%(column)s”. The columns are: %(columns)s."),
    "missing_column": _("The app needs “%(column)s”, and the file has no such column."),
    "upload_cut": _("The upload was cut off before its end. Nothing was kept; send it again."),
    "too_many_files": _("At most %(most)s files can be dropped at once."),
    "no_file_variable": _("The app asks for no file, so files cannot be dropped for it."),
    "no_app": _("Choose an app."),
    "no_file": _("Choose a file."),
    "file_or_address": _("Give a file or an address, not both."),
    # Notices
    "read_as": _("Read as %(encoding)s. Look whether the accents are right."),
    "delimiter": _("The columns are separated by %(delimiter)s."),
    "not_checked": _("Tela does not tell what this app asks for, so missing values are not noticed here: %(reason)s"),
    "goes_into": _("Each file goes into “%(variable)s”."),
    "sent_before": _("This very file was sent before, as batch %(number)s. Sent again, every task exists twice."),
    # One row
    "no_name": _("The name is missing."),
    "long_name": _("The name has more than %(most)s characters."),
    "missing_value": _("“%(column)s” is missing."),
    "no_address": _("“%(column)s” is no address of a file: it begins with https:// or vault://."),
    "formula": _("“%(column)s” begins like a spreadsheet formula (%(start)s). Write the value itself."),
    "cells": _("The row has %(found)s cells, and the header %(wanted)s. It may have been cut off."),
    "no_number": _("“%(column)s” is no number."),
    "control_characters": _("“%(column)s” holds characters that cannot be sent."),
    "long_value": _("“%(column)s” has more than %(most)s characters."),
    # One file
    "file_empty": _("The file is empty."),
    "no_pdf": _("It is called .pdf, but is no PDF."),
    "cut_pdf": _("The PDF has no end: it was cut off."),
    "other_kind": _("It is called .%(extension)s, but its content is something else."),
    "unknown_kind": _("Files of this kind are not taken. Taken are: %(kinds)s."),
    "document_too_large": _("The file has %(size)s MB; at most %(most)s MB are taken."),
    "same_name": _("Another file of this drop has the same name and content."),
}

type Problem = Sequence[Any]


class Unreadable(ValueError):
    """The whole cannot be taken; `problem` says why."""

    def __init__(self, code: str, **words: Any) -> None:
        super().__init__(code)
        self.problem: Problem = [code, words]

    def __str__(self) -> str:
        return sentence(self.problem)


def problem(code: str, **words: Any) -> Problem:
    """As it is kept. Raises KeyError for a code that has no sentence."""
    SENTENCES[code]
    return [code, words]


def sentence(kept: Problem) -> str:
    """In the reader's language."""
    code, words = kept
    template = str(SENTENCES.get(code, code))
    return template % words if isinstance(words, Mapping) and words else template
