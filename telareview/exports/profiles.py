"""The kinds of file there are, each declared once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telareview.exports import csv_excel, csv_machine, ndjson, parquet, sheet
from telareview.exports.refusals import TooManyRows, UnknownProfile

if TYPE_CHECKING:
    from telareview.exports.writing import Write

#: What Excel shows of a sheet, the row of headings among them.
EXCEL_ROWS = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of file."""

    #: Its word in addresses, commands and manifests.
    name: str
    label: str | Promise
    #: For whom it is, in a sentence.
    about: str | Promise
    suffix: str
    content_type: str
    #: Writes the rows of a plan and says how many they were.
    write: "Write"
    #: False where whole tasks are written.
    has_columns: bool = True
    has_delimiter: bool = False
    #: How formulas are kept from coming to life; said in the manifest.
    guard: str = "off"
    #: Tasks that it can hold; None without a limit.
    most_rows: int | None = None
    #: Tasks that are written while the browser waits; more are a job of the worker. 50,000 over HTTP with every column
    #: and three of the output, on two cores: 1.6 s as machine, 2 s as excel, 3 s as parquet, 1.1 s as ndjson.
    direct_rows: int = 50_000
    #: Raises NotInstalled where a package is missing.
    check: Callable[[], None] = lambda: None

    def check_rows(self, rows: int) -> None:
        """Raises TooManyRows where a list of so many tasks is no such file."""
        if self.most_rows is not None and rows > self.most_rows:
            raise TooManyRows(
                _(
                    "Excel shows %(most)s tasks of a sheet, and this list has more. "
                    "Narrow the filter, or choose another profile, such as machine."
                )
                % {"most": f"{self.most_rows:,}"}
            )


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="machine",
            label=gettext_lazy("CSV for machines"),
            about=gettext_lazy("UTF-8, commas, moments in UTC, every value to the letter."),
            suffix=".csv",
            content_type="text/csv; charset=utf-8; header=present",
            write=csv_machine.write,
        ),
        Profile(
            name="excel",
            label=gettext_lazy("CSV for Excel"),
            about=gettext_lazy("Delimiter, decimal sign and dates as you read them; no text becomes a formula."),
            suffix=".csv",
            content_type="text/csv; charset=utf-8; header=present",
            write=csv_excel.write,
            has_delimiter=True,
            guard="apostrophe before signs, after every delimiter; line breaks as blanks",
            most_rows=EXCEL_ROWS - 1,
        ),
        Profile(
            name="xlsx",
            label=gettext_lazy("Excel workbook"),
            about=gettext_lazy("One sheet with numbers, dates and texts as such: the safest file for Excel."),
            suffix=".xlsx",
            content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            write=sheet.write,
            # 50,000 take 11.4 s with the usual columns; 20,000 with every column 5.6 s of a processor.
            direct_rows=20_000,
            guard="cells of text",
            most_rows=EXCEL_ROWS - 1,
        ),
        Profile(
            name="ndjson",
            label=gettext_lazy("NDJSON of whole tasks"),
            about=gettext_lazy("Everything Tela told of each task, to the letter, one task a line."),
            suffix=".ndjson",
            content_type="application/x-ndjson",
            write=ndjson.write,
            has_columns=False,
        ),
        Profile(
            name="parquet",
            label=gettext_lazy("Parquet"),
            about=gettext_lazy("Typed columns for DuckDB, Spark and Trino."),
            suffix=".parquet",
            content_type="application/vnd.apache.parquet",
            write=parquet.write,
            check=parquet.check,
        ),
    )
}


def profile_named(name: str) -> Profile:
    """The profile. Raises UnknownProfile, and NotInstalled where it cannot be had here."""
    if name not in PROFILES:
        raise UnknownProfile(
            _("There is no profile “%(name)s”. The profiles are %(names)s.")
            % {"name": name[:80], "names": ", ".join(PROFILES)}
        )
    PROFILES[name].check()
    return PROFILES[name]
