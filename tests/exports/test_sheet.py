"""XLSX: typed cells, read back from the file's own XML; no formula and no link, whatever the text."""

import datetime as dt
import re
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from telareview.exports.refusals import CellTooLong
from telareview.tasks.models import Task
from tests.exports.files import make
from tests.tasks.cards import card
from tests.tasks.hostile import TEXTS
from tests.tasks.records import approved, mirrored, task_json

pytestmark = pytest.mark.django_db

SPACE = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
ESCAPED = re.compile("_x([0-9A-F]{4})_")


def cells(path) -> list[list[tuple[str, str] | None]]:
    """Of each row its cells as (type, text): `inlineStr` or `n`; None for an empty one."""
    with ZipFile(path) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iterfind(".//s:row", SPACE):
        found: list[tuple[str, str] | None] = []
        for cell in row.iterfind("s:c", SPACE):
            place = ord(cell.attrib["r"][0]) - ord("A")
            found += [None] * (place - len(found))
            text = "".join(part.text or "" for part in cell.iterfind(".//s:t", SPACE)) or cell.findtext(
                "s:v", "", SPACE
            )
            found.append((cell.attrib.get("t", "n"), ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)))
        rows.append(found)
    return rows


def days(moment: dt.datetime) -> float:
    """As Excel counts."""
    return (moment - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)


def test_text_numbers_and_moments_are_cells_of_their_own_type(acme, tmp_path):
    content = {"valor": -1234.56, "texto": "1.234,56", "gross": 9007199254740993, "ok": True, "list": [1]}
    mirrored(
        acme, approved(7, tags=["a", "b"], outputContent={"role": "assistant", "content": content}, createdBy=None)
    )
    names = "reference,name,createdBy,approvedAt,tags,turnaround," + ",".join(f"output.{name}" for name in content)

    header, row = cells(make(acme, tmp_path, f"cols={names}", "xlsx", locale="pt-br").path)

    assert [cell and cell[1] for cell in header[:4]] == ["#", "Nome", "Criador", "Aprovada (America/Sao_Paulo)"]
    moment = row.pop(3)
    assert moment is not None
    assert moment[0] == "n"
    assert float(moment[1]) == pytest.approx(days(dt.datetime(2026, 3, 1, 10, 7)), abs=1e-9)
    assert row == [
        ("n", "7"),
        ("inlineStr", "INV-00007.pdf"),
        None,
        ("inlineStr", "a|b"),
        ("n", "3600"),
        ("n", "-1234.56"),
        ("inlineStr", "1.234,56"),
        # More digits than Excel keeps.
        ("inlineStr", "9007199254740993"),
        ("inlineStr", "true"),
        ("inlineStr", "[1]"),
    ]


def test_no_text_becomes_a_formula_or_a_link(acme, tmp_path):
    names = [
        "=1+1",
        '=HYPERLINK("http://x")',
        "http://acme.example/",
        "mailto:a@b.c",
        "internal:Sheet1!A1",
        "007",
        "{=1}",
    ]
    mirrored(acme, *(task_json(number, name=name) for number, name in enumerate(names, 1)))

    path = make(acme, tmp_path, "cols=name&orderBy=reference&order=asc", "xlsx").path

    assert [row[0] for row in cells(path)[1:]] == [("inlineStr", name) for name in names]
    with ZipFile(path) as book:
        everything = b"".join(book.read(name) for name in book.namelist())
    assert b"<f>" not in everything
    assert b"<hyperlink" not in everything


@pytest.mark.parametrize(
    "text", [text for text in TEXTS if text] + ["_x0041_", " a ", "a\tb\nc", "\ufffe\uffff", "\x1f", "😀"]
)
def test_any_text_is_read_back(acme, tmp_path, text):
    mirrored(acme, task_json(1, name=text))

    (cell,) = cells(make(acme, tmp_path, "cols=name", "xlsx").path)[1]

    assert cell == ("inlineStr", Task.objects.get().name)


def test_the_same_list_makes_the_same_bytes(acme, tmp_path):
    mirrored(acme, *(task_json(number) for number in range(1, 30)))
    (tmp_path / "again").mkdir()

    first = make(acme, tmp_path, "", "xlsx")
    second = make(acme, tmp_path / "again", "", "xlsx")

    assert first.path.read_bytes() == second.path.read_bytes()


def test_a_cell_that_excel_would_cut_is_refused_and_nothing_is_left(acme, tmp_path):
    card(acme, name="é" * 32_767).save()
    assert make(acme, tmp_path, "", "xlsx").rows == 1

    card(acme, name="😀" * 16_384).save()
    with pytest.raises(CellTooLong, match=r"column name has 32768 characters"):
        make(acme, tmp_path, "", "xlsx")

    assert [path.name for path in tmp_path.iterdir()] == ["tasks.xlsx"]
