"""From a table to rows of a batch: every cell looked at before anything is sent."""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from telareview.review.asks import Asked
from telareview.review.marker import PREFIX, new_marker
from telareview.review.models import Batch, BatchRow
from telareview.review.problems import Problem, Unreadable, problem
from telareview.review.table import MOST_CELL_CHARACTERS, Line, Table
from telareview.tela.canvas import Variable

NAME, TAGS, FILE_PREFIX = "name", "tags", "file:"
MOST_NAME_CHARACTERS = 300
#: How a spreadsheet knows a formula.
FORMULA_STARTS = ("=", "@", "+", "-")
FILE_ADDRESSES = ("https://", "vault://")
ROWS_A_STATEMENT = 1_000


@dataclass(slots=True)
class RowDraft:
    """One task to be; `problems` keep it from being sent."""

    number: int
    name: str
    tags: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def template_of(asked: Asked) -> list[str]:
    """The header of a table for this app."""
    names = [each.name for each in asked.variables] if asked.variables is not None else [f"{FILE_PREFIX}document"]
    return [NAME, TAGS, *names]


def rows_of_table(table: Table, asked: Asked) -> list[RowDraft]:
    """Every line as a row with its problems. Raises Unreadable for headers that do not fit the app."""
    columns = _columns(table.headers, asked)
    return [_row(line, columns) for line in table.lines]


def _columns(headers: Sequence[str], asked: Asked) -> list[tuple[str, Variable | None]]:
    """Each header with the variable it stands for; None for `name` and `tags`."""
    offered = ", ".join(template_of(asked))
    for place, header in enumerate(headers, 1):
        if not header:
            raise Unreadable("unnamed_column", place=place)
        if headers.count(header) > 1:
            raise Unreadable("repeated_column", column=header)
    if NAME not in headers:
        raise Unreadable("no_name_column", columns=offered)
    columns = [(header, _variable(header, asked, offered)) for header in headers]
    given = {variable.name for _header, variable in columns if variable}
    for variable in asked.variables or ():
        if variable.required and variable.name not in given:
            raise Unreadable("missing_column", column=variable.name)
    return columns


def _variable(header: str, asked: Asked, offered: str) -> Variable | None:
    if header in (NAME, TAGS) and not any(each.name == header for each in asked.variables or ()):
        return None
    bare = header.removeprefix(FILE_PREFIX)
    if asked.variables is None:
        kind = "file" if header.startswith(FILE_PREFIX) else "text"
        return Variable(name=bare, type=kind, required=False, description="")
    for variable in asked.variables:
        if variable.name == header or (variable.is_file and variable.name == bare):
            return variable
    raise Unreadable("unknown_column", column=header, columns=offered)


def _row(line: Line, columns: Sequence[tuple[str, Variable | None]]) -> RowDraft:
    draft = RowDraft(line.number, "")
    if len(line.cells) != len(columns):
        draft.problems.append(problem("cells", found=len(line.cells), wanted=len(columns)))
    for (header, variable), cell in zip(columns, line.cells, strict=False):
        value = cell.strip()
        if found := _trouble(header, value):
            draft.problems.append(found)
        elif variable is not None:
            put_value(draft, variable, value)
        elif header == TAGS:
            draft.tags = [tag.strip() for tag in value.split("|") if tag.strip()]
        else:
            draft.name = value
    check_name(draft)
    return draft


def check_name(draft: RowDraft) -> None:
    """A row without a name, or with one too long, cannot be sent; nor may it carry a mark of ours as a tag."""
    if not draft.name and not any(words.get("column") == NAME for _code, words in draft.problems):
        draft.problems.append(problem("no_name"))
    if len(draft.name) > MOST_NAME_CHARACTERS:
        draft.problems.append(problem("long_name", most=MOST_NAME_CHARACTERS))
    draft.tags = [tag for tag in draft.tags if not tag.startswith(PREFIX)]


def put_value(draft: RowDraft, variable: Variable, value: str) -> None:
    """The value as Tela takes it, or the problem with it."""
    if not value:
        if variable.required:
            draft.problems.append(problem("missing_value", column=variable.name))
        return
    if variable.is_file:
        _put_addresses(draft, variable, value)
    elif variable.type in ("number", "integer"):
        _put_number(draft, variable, value)
    else:
        draft.variables[variable.name] = value


def _put_addresses(draft: RowDraft, variable: Variable, value: str) -> None:
    """One address; of a list of files several, divided by “|” or lines."""
    several = re.split(r"[|\n]", value) if variable.takes_many else [value]
    addresses = [address for each in several if (address := each.strip())]
    if not addresses:
        put_value(draft, variable, "")
        return
    if not all(each.startswith(FILE_ADDRESSES) and not re.search(r"\s", each) for each in addresses):
        draft.problems.append(problem("no_address", column=variable.name))
        return
    files = [{"file_url": each} for each in addresses]
    draft.variables[variable.name] = {"files": files} if variable.takes_many else files[0]


def _put_number(draft: RowDraft, variable: Variable, value: str) -> None:
    try:
        number = json.loads(value)
    except ValueError:
        number = None
    if type(number) not in (int, float) or not math.isfinite(number):
        draft.problems.append(problem("no_number", column=variable.name))
        return
    draft.variables[variable.name] = number


def _trouble(header: str, value: str) -> Problem | None:
    """What no cell may hold, whatever it stands for."""
    if len(value) > MOST_CELL_CHARACTERS:
        return problem("long_value", column=header, most=MOST_CELL_CHARACTERS)
    if value.startswith(FORMULA_STARTS) and not _is_number_or_phone(value) and value != "-":
        return problem("formula", column=header, start=value[0])
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\r\n" for letter in value):
        return problem("control_characters", column=header)
    return None


def _is_number_or_phone(value: str) -> bool:
    return value[0] in "+-" and value[1:].replace(" ", "").replace(".", "").replace(",", "").isdigit()


def keep_rows(batch: Batch, drafts: Iterable[RowDraft]) -> None:
    """Store the rows, a thousand a statement."""
    BatchRow.objects.bulk_create(
        [
            BatchRow(
                batch=batch,
                number=draft.number,
                name=draft.name,
                tags=draft.tags,
                variables=json.dumps(draft.variables),
                problems=draft.problems,
                state=BatchRow.State.INVALID if draft.problems else BatchRow.State.WAITING,
                marker=new_marker(),
            )
            for draft in drafts
        ],
        batch_size=ROWS_A_STATEMENT,
    )
