"""Why no file is made: each with a sentence for the reader."""


class CannotExport(ValueError):
    """No file is offered. `problems` says why, a sentence each, in the reader's language."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


class BrokenFilter(CannotExport):
    """Part of the filter cannot be read."""


class UnknownColumn(CannotExport):
    """There is no such column."""


class UnknownProfile(CannotExport):
    """There is no such profile, or an option that it does not know."""


class NotInstalled(CannotExport):
    """The format needs a package that is not there."""


class TooManyRows(CannotExport):
    """The program that the file is for shows fewer rows."""


class CellTooLong(CannotExport):
    """The program that the file is for holds fewer characters in a cell."""


class Stopped(Exception):
    """Somebody asked the export to stop; nothing is left behind."""
