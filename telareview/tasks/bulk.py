"""Rows in bulk: COPY, and COPY with INSERT … ON CONFLICT for rows that may be there."""

from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Any
from uuid import UUID

#: Lines handed to the driver at a time.
LINES_AT_A_TIME = 100


def spelled(values: Iterable[Any]) -> str:
    """Values as they stand in a line of COPY's text form: text, numbers, UUIDs, instants, octets, lists of texts, None.

    The driver's own way, which is there for values of any type, takes twice as long for the facts of a task; it is the
    faster one for a few long texts.
    """
    return "\t".join(map(_spelled, values))


def _spelled(value: Any) -> str:
    if value is None:
        return "\\N"
    if type(value) is list:
        value = _array(value)
    if isinstance(value, str):
        # `translate` goes letter by letter, and takes fifty times as long for a payload.
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    if type(value) is UUID:
        return value.hex
    return f"\\\\x{value.hex()}" if type(value) is bytes else str(value)


def _array(texts: list[str]) -> str:
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return f'{{"{'","'.join(escaped)}"}}' if texts else "{}"


def uuids(values: Iterable[UUID]) -> str:
    """An array of UUIDs as a parameter, for `%s::uuid[]`: the driver's own way takes ten times as long."""
    return f"{{{','.join([value.hex for value in values])}}}"


def copy_lines(cursor: Any, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Append rows that are `spelled` already with COPY. Raises django.db's DatabaseError, as statements do."""
    with cursor.db.wrap_database_errors, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for some in batched(lines, LINES_AT_A_TIME):
            copy.write("\n".join(some) + "\n")


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Append rows with COPY. Raises django.db's DatabaseError, as statements do."""
    # Django turns the driver's errors into its own for statements, but not for COPY.
    with cursor.db.wrap_database_errors, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def upsert_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY to a temporary table of the same shape, then one INSERT … ON CONFLICT of what is in it."""
    staged = f"staged_{table}"
    names = ", ".join(columns)
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS AS SELECT {names} FROM {table} LIMIT 0"  # noqa: S608 - names from the models
    )
    copy_rows(cursor, staged, columns, rows)
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in {"workspace_id", "task_id"})
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {staged}"  # noqa: S608
        f" ON CONFLICT (workspace_id, task_id) DO UPDATE SET {changes}"
    )
    # Several pages may share one transaction, and the table outlives it.
    cursor.execute(f"DELETE FROM {staged}")  # noqa: S608
