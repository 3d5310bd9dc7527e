"""CSV for people: golden bytes in both languages, and lists that Excel would cut are refused."""

import csv
import dataclasses
import io

import pytest

from telareview.exports import profiles
from telareview.exports.refusals import CellTooLong, TooManyRows, UnknownProfile
from tests.exports.files import make
from tests.tasks.cards import card
from tests.tasks.hostile import TEXTS
from tests.tasks.records import approved, mirrored, task_json

pytestmark = pytest.mark.django_db

COLUMNS = "reference,name,approvedBy,approvedAt,turnaround,tags,output.total.valor,output.total.texto,output.ok"


@pytest.fixture
def golden(acme):
    """One task with everything that a Brazilian Excel has to read."""
    content = {"total": {"valor": -1234.56, "texto": "R$ 1.234,56"}, "ok": True}
    mirrored(
        acme,
        approved(
            7,
            name='Ação de cobrança, "São João"; três maçãs ç ã é ô',
            tags=["urgente", "=1+1"],
            outputContent={"role": "assistant", "content": content},
        ),
    )


def test_a_brazilian_reads_semicolons_a_decimal_comma_and_local_time(acme, golden, tmp_path):
    spooled = make(acme, tmp_path, f"cols={COLUMNS}", "excel", locale="pt-br")

    assert (
        spooled.path.read_bytes()
        == (
            "\ufeff"
            '"#";"Nome";"Aprovador";"Aprovada (America/Sao_Paulo)";"Tempo total";"Tags";'
            '"total.valor";"total.texto";"ok"\r\n'
            '"7";"Ação de cobrança, ""São João""; três maçãs ç ã é ô";"ana.souza@acme.example";"01/03/2026 10:07:00";'
            '"3600";"urgente|\'=1+1";"-1234,56";"R$ 1.234,56";"true"\r\n'
        ).encode()
    )


def test_an_english_reader_gets_commas_points_and_iso_dates(acme, golden, tmp_path):
    spooled = make(acme, tmp_path, f"cols={COLUMNS}", "excel", locale="en")

    assert (
        spooled.path.read_bytes()
        == (
            "\ufeff"
            '"#","Name","Approver","Approved (America/Sao_Paulo)","Turnaround","Tags",'
            '"total.valor","total.texto","ok"\r\n'
            '"7","Ação de cobrança, ""São João""; três maçãs ç ã é ô","ana.souza@acme.example","2026-03-01 10:07:00",'
            '"3600","urgente|\'=1+1","-1234.56","R$ 1.234,56","true"\r\n'
        ).encode()
    )


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_another_delimiter_can_be_asked_for(acme, golden, tmp_path, delimiter):
    text = make(acme, tmp_path, "", "excel", delimiter=delimiter).path.read_text("utf-8-sig")

    header, row = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    assert len(header) == len(row) == 13


@pytest.mark.parametrize(("profile", "delimiter"), [("excel", "x"), ("excel", "\t"), ("machine", ";"), ("xlsx", ",")])
def test_what_is_no_delimiter_is_said(acme, tmp_path, profile, delimiter):
    with pytest.raises(UnknownProfile, match="delimiter"):
        make(acme, tmp_path, "", profile, delimiter=delimiter)


def test_a_column_named_like_a_formula_is_guarded_in_the_header_too(acme, golden, tmp_path):
    spooled = make(acme, tmp_path, "cols=id,output.a;%3D1%2B1", "excel")

    assert '"a;\'=1+1"' in spooled.path.read_text("utf-8-sig")


def test_hostile_names_are_read_back_as_text(acme, tmp_path):
    names = [*TEXTS, "=cmd|' /C calc'!A0", "a,=1", "a;=1", "+1", "@SUM(A1)", "-2+3", " =1", '"=1', "\t=1", "=1\n=2"]
    mirrored(acme, *(task_json(number, name=name) for number, name in enumerate(names, 1)))

    text = make(acme, tmp_path, "cols=name,id", "excel").path.read_text("utf-8-sig")

    for delimiter in ",;\t|":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert not any(cell.lstrip(' "\x01').startswith(("=", "+", "-", "@")) for cell in row), row


def test_a_cell_that_excel_would_cut_is_refused_and_nothing_is_left(acme, tmp_path):
    card(acme, name="é" * 32_767).save()
    assert make(acme, tmp_path, "", "excel").rows == 1

    card(acme, name="é" * 32_768).save()
    with pytest.raises(CellTooLong, match=r"column name has 32768 characters.* after 32767"):
        make(acme, tmp_path, "", "excel")

    assert make(acme, tmp_path, "", "machine").rows == 2
    assert [path.name for path in tmp_path.iterdir()] == ["tasks.csv"]


@pytest.mark.parametrize("profile", ["excel", "xlsx"])
def test_more_rows_than_excel_shows_are_refused(acme, tmp_path, profile, monkeypatch):
    assert profiles.PROFILES[profile].most_rows == 1_048_575
    small = dataclasses.replace(profiles.PROFILES[profile], most_rows=3)
    monkeypatch.setitem(profiles.PROFILES, profile, small)
    mirrored(acme, *(task_json(number) for number in range(1, 4)))
    assert make(acme, tmp_path, "", profile).rows == 3

    mirrored(acme, task_json(4))
    with pytest.raises(TooManyRows, match="Excel shows 3 tasks"):
        make(acme, tmp_path, "", profile)


def test_numbers_stay_numbers_and_text_that_looks_like_one_is_text(acme, tmp_path):
    values = [0, -5, 1.5, "-5", "=1", None, True]
    for number, value in enumerate(values, 1):
        output = {"role": "assistant", "content": {"v": value}}
        mirrored(acme, task_json(number, outputContent=output))

    text = make(acme, tmp_path, "cols=output.v&orderBy=reference&order=asc", "excel", locale="pt-br").path.read_text(
        "utf-8-sig"
    )

    shown = ["".join(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=";")][1:]
    words = {"-5": "'-5", "=1": "'=1", None: "", True: "true"}
    for value, cell in zip(values, shown, strict=True):
        if isinstance(value, str) or value is None or value is True:
            assert cell == words[value]
        elif isinstance(value, int | float):
            assert cell == str(value).replace(".", ",")
