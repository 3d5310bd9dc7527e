"""Rows in bulk: COPY, and COPY with INSERT … ON CONFLICT for rows that may be there."""

from collections.abc import Iterable, Sequence
from typing import Any


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
