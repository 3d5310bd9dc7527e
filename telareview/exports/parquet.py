"""Parquet with typed columns, for DuckDB, Spark and Trino. Needs the extra `parquet` (pyarrow)."""

from itertools import batched
from typing import TYPE_CHECKING, Any

from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from telareview.exports.columns import Column, Kind
from telareview.exports.copying import listed_values
from telareview.exports.refusals import NotInstalled
from telareview.exports.values import Expressed, typed

if TYPE_CHECKING:
    from telareview.exports.plan import Plan
    from telareview.exports.writing import Sink

#: A row group: large enough to be read fast, small enough to be held in memory.
ROWS_AT_A_TIME = 20_000


def check() -> None:
    """Raises NotInstalled without pyarrow."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise NotInstalled(
            _("Parquet files need the package pyarrow. Install it beside telareview: it is its extra “parquet”.")
        ) from error


def write(plan: "Plan", sink: "Sink") -> int:
    """Write the whole list; returns its rows. Raises DatabaseError, OSError and Stopped."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    types = {
        Kind.INTEGER: pyarrow.int64(),
        Kind.SECONDS: pyarrow.decimal128(18, 3),
        Kind.INSTANT: pyarrow.timestamp("us", "UTC"),
        Kind.LIST: pyarrow.list_(pyarrow.string()),
    }
    fields = [(column.name, types.get(column.kind, pyarrow.string())) for column in plan.columns]
    schema = pyarrow.schema(fields)
    listed = listed_values(plan, [_value(column, plan) for column in plan.columns])
    rows = 0
    with ParquetWriter(str(sink.path), schema, compression="zstd") as file:
        for block in batched(listed.iterator(chunk_size=ROWS_AT_A_TIME), ROWS_AT_A_TIME):
            columns: list[Any] = [
                pyarrow.array(values, kind)
                for values, (_name, kind) in zip(zip(*block, strict=True), fields, strict=True)
            ]
            file.write_batch(pyarrow.record_batch(columns, schema=schema))
            rows += len(block)
            sink.passed(rows)
    return rows


def _value(column: Column, plan: "Plan") -> Expressed:
    if column.kind is Kind.ID:
        return Cast(typed(column, plan), TextField())
    return typed(column, plan)
