"""Rows in bulk: COPY, and COPY with INSERT … ON CONFLICT for rows that may be there.

Rows go in PostgreSQL's binary form. It has nothing to escape here and to look for there, and no UUID or instant to
write as text and to read again; the driver, which finds a way for values of any type, takes twice as long.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

#: Octets handed to the driver at a time, at least: the server reads them while the next are made.
OCTETS_AT_A_TIME = 2**16
#: What COPY's binary form begins and ends with, and what stands for null.
SIGNATURE, END, NULL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff", b"\xff\xff\xff\xff"
#: Of a list of texts: one dimension or none, no null in it, the type's number; and its first index.
SOME_TEXTS, NO_TEXTS, FIRST_INDEX = b"\0\0\0\1\0\0\0\0\0\0\0\x19", b"\0\0\0\0\0\0\0\0\0\0\0\x19", b"\0\0\0\1"
#: Lengths as they are told, for the short ones, which nearly all are.
LENGTHS = tuple(length.to_bytes(4) for length in range(1024))
YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)


def octets(*values: Any) -> bytes:
    """Values of a row in binary form, each behind its length: text, `bigint`, UUID, instant, list of texts, or None.

    Octets are taken as they are: for `bytea`, and for what `integer` and `jsonb` make.
    """
    told: list[bytes] = []
    for value in values:
        kind = type(value)
        if kind is str:
            own = value.encode()
        elif value is None:
            told.append(NULL)
            continue
        elif kind is UUID:
            own = value.int.to_bytes(16)
        elif kind is datetime:
            since = value - YEAR_2000
            microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
            own = microseconds.to_bytes(8, signed=True)
        elif kind is int:
            own = value.to_bytes(8, signed=True)
        elif kind is list:
            own = _texts(value)
        else:
            own = value
        length = len(own)
        told += (LENGTHS[length] if length < len(LENGTHS) else length.to_bytes(4), own)
    return b"".join(told)


def integer(number: int | None) -> bytes | None:
    """For a column of 32 bits."""
    return None if number is None else number.to_bytes(4, signed=True)


def jsonb(text: str) -> bytes:
    """JSON text for a `jsonb` column."""
    return b"\1" + text.encode()


def _texts(texts: Sequence[str]) -> bytes:
    if not texts:
        return NO_TEXTS
    return b"".join((SOME_TEXTS, len(texts).to_bytes(4), FIRST_INDEX, octets(*texts)))


def uuids(values: Iterable[UUID]) -> str:
    """An array of UUIDs as a parameter, for `%s::uuid[]`: the driver's own way takes ten times as long."""
    return f"{{{','.join([value.hex for value in values])}}}"


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """Append rows, each as `octets`, with COPY. Raises django.db's DatabaseError, as statements do."""
    head = len(columns).to_bytes(2)
    # Django turns the driver's errors into its own for statements, but not for COPY.
    with (
        cursor.db.wrap_database_errors,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT binary)") as copy,
    ):
        waiting, size = [SIGNATURE], 0
        for row in rows:
            waiting += (head, row)
            size += len(row)
            if size > OCTETS_AT_A_TIME:
                copy.write(b"".join(waiting))
                waiting, size = [], 0
        copy.write(b"".join(waiting) + END)


def upsert_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
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
