"""A table of text as people save it: any usual encoding and delimiter, read as a whole or refused with a sentence."""

import codecs
import csv
import io
from dataclasses import dataclass

from telareview.review.problems import Problem, Unreadable, problem

#: Rows of one file. A hundred requests of a hundred tasks.
MOST_ROWS = 10_000
#: Bytes of one file: 10,000 rows of 2 kB.
MOST_TABLE_BYTES = 20_000_000
DELIMITERS = {",": "“,”", ";": "“;”", "\t": "TAB", "|": "“|”"}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Of a file without such a mark, so many bytes tell whether every other one is zero.
SAMPLE_BYTES = 4_000
#: Characters of one cell.
MOST_CELL_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the line it begins in, and its cells as they stand."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    headers: tuple[str, ...]
    lines: tuple[Line, ...]
    notices: tuple[Problem, ...]


def read_table(content: bytes) -> Table:
    """Headers and rows; empty lines are left out. Raises Unreadable."""
    if len(content) > MOST_TABLE_BYTES:
        raise Unreadable("file_too_large", size=_megabytes(len(content)), most=_megabytes(MOST_TABLE_BYTES))
    text, notices = _text(content)
    if not text.strip():
        raise Unreadable("empty_file")
    delimiter = _delimiter(text)
    if delimiter != ",":
        notices.append(problem("delimiter", delimiter=DELIMITERS[delimiter]))
    lines = _lines(text, delimiter)
    if not lines:
        raise Unreadable("empty_file")
    headers = tuple(cell.strip() for cell in lines[0].cells)
    if len(lines) == 1:
        raise Unreadable("no_rows")
    return Table(headers, tuple(lines[1:]), tuple(notices))


def _text(content: bytes) -> tuple[str, list[Problem]]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding), []
    sample = content[:SAMPLE_BYTES]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(zeros) > 1 and zeros.count(0) * 2 > len(zeros):
            return _decoded(content, encoding), [problem("read_as", encoding="UTF-16")]
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        # Every byte has a letter there but five; spreadsheets of the west save so.
        return _decoded(content, "cp1252"), [problem("read_as", encoding="Windows-1252 (Latin-1)")]


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("not_text") from None


def _delimiter(text: str) -> str:
    """The one that divides the header into the most columns; a comma where none does."""
    header = text.lstrip("\r\n").splitlines()[0]
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def _lines(text: str, delimiter: str) -> list[Line]:
    if "\0" in text:
        raise Unreadable("not_text")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(Line(begins, tuple(cells)))
            begins = reader.line_num + 1
            if len(lines) > MOST_ROWS + 1:
                raise Unreadable("too_many_rows", most=MOST_ROWS)
    except csv.Error:
        raise Unreadable("broken_quotes", line=begins) from None
    return lines


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.0f}"
