"""Parquet: typed columns in row groups; without pyarrow a sentence."""

import datetime as dt
import sys
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest

from telareview.exports import parquet
from telareview.exports.columns import COLUMNS
from telareview.exports.plan import plan_export
from telareview.exports.refusals import NotInstalled
from tests.exports.files import make
from tests.tasks.records import approved, mirrored, task_id, task_json
from tests.tasks.variety import TASKS, variety

pytestmark = pytest.mark.django_db


def test_columns_have_their_types_and_every_value(acme, tmp_path):
    mirrored(acme, approved(7, "cliente", tags=["a", "b|c"], createdBy=None))
    names = "id,reference,name,createdBy,approvedAt,tags,editedFields,turnaround,output.cliente,output.total"

    table = pyarrow.parquet.read_table(make(acme, tmp_path, f"cols={names}", "parquet").path)

    assert table.schema.field("reference").type == pyarrow.int64()
    assert table.schema.field("approvedAt").type == pyarrow.timestamp("us", "UTC")
    assert table.schema.field("tags").type == pyarrow.list_(pyarrow.field("element", pyarrow.string()))
    assert table.to_pylist() == [
        {
            "id": str(task_id(7)),
            "reference": 7,
            "name": "INV-00007.pdf",
            "createdBy": None,
            "approvedAt": dt.datetime(2026, 3, 1, 13, 7, tzinfo=dt.UTC),
            "tags": ["a", "b|c"],
            "editedFields": ["cliente"],
            "turnaround": Decimal(3600),
            "output.cliente": "Acme Corp",
            "output.total": '{"valor": 150000}',
        }
    ]


def test_rows_are_written_in_groups_and_every_column_can_be_had(acme, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS_AT_A_TIME", 15)
    mirrored(acme, *variety())

    spooled = make(acme, tmp_path, f"cols={','.join(COLUMNS)}", "parquet")

    file = pyarrow.parquet.ParquetFile(spooled.path)
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (spooled.rows, 3) == (TASKS, 3)
    assert file.schema_arrow.names == list(COLUMNS)


def test_an_empty_list_is_a_file_with_columns_and_no_row(acme, tmp_path):
    spooled = make(acme, tmp_path, "", "parquet")

    assert pyarrow.parquet.read_table(spooled.path).num_rows == spooled.rows == 0


def test_without_pyarrow_a_sentence_says_what_to_install(acme, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(NotInstalled, match="extra “parquet”"):
        plan_export(acme, {}, profile="parquet")


def test_the_same_list_makes_the_same_bytes(acme, tmp_path):
    mirrored(acme, *(task_json(number) for number in range(1, 30)))
    (tmp_path / "again").mkdir()

    first, second = make(acme, tmp_path, "", "parquet"), make(acme, tmp_path / "again", "", "parquet")

    assert first.sha256 == second.sha256
