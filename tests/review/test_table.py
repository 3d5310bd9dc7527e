"""Tables as people save them, and what is said of those that cannot be sent."""

import codecs
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.review.asks import Asked
from telareview.review.file_kinds import KINDS, check_file
from telareview.review.problems import SENTENCES, Unreadable, sentence
from telareview.review.rows import rows_of_table, template_of
from telareview.review.table import MOST_ROWS, MOST_TABLE_BYTES, read_table
from telareview.tela.canvas import Variable

DOCUMENT = Variable(name="document", type="file", required=True, description="")
PARTY = Variable(name="parte", type="text", required=True, description="")
COUNT = Variable(name="vias", type="number", required=False, description="")
ASKED = Asked(uuid.UUID(int=1), (DOCUMENT, PARTY, COUNT))
UNTOLD = Asked(uuid.UUID(int=1), None)
URL = "https://files.example/a.pdf"
TEXT = f"name,tags,document,parte\nContrato São João.pdf,lote|açúcar,{URL},contratante\n"


def rows(text, asked=ASKED, encoding="utf-8"):
    return rows_of_table(read_table(text.encode(encoding) if isinstance(text, str) else text), asked)


def refusal(content, asked=ASKED):
    with pytest.raises(Unreadable) as caught:
        rows(content, asked)
    return caught.value.problem[0]


def codes(row):
    return [code for code, _words in row.problems]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("latin-1"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace(",", ";").encode("latin-1"),
        TEXT.replace(",", "\t").encode(),
    ],
)
def test_every_usual_encoding_and_delimiter_is_the_same_table(content):
    (row,) = rows(content)

    assert (row.number, row.name, row.tags, row.problems) == (2, "Contrato São João.pdf", ["lote", "açúcar"], [])
    assert row.variables == {"document": {"file_url": URL}, "parte": "contratante"}


def test_what_had_to_be_guessed_is_said():
    notices = read_table(TEXT.replace(",", ";").encode("latin-1")).notices

    assert [code for code, _words in notices] == ["read_as", "delimiter"]
    assert "Latin-1" in sentence(notices[0])
    assert read_table(TEXT.encode()).notices == ()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \n", "empty_file"),
        (b"name,document,parte\n", "no_rows"),
        (b"PK\x03\x04\x00\x00\x08binary\x00\x81", "not_text"),
        (b'name,document,parte\na,"' + URL.encode() + b",x\nb,c,d\n", "broken_quotes"),
        (b"name,document,parte\n" + b"a,https://x.example/a,b\n" * (MOST_ROWS + 1), "too_many_rows"),
        (b"nome,document,parte\na,b,c\n", "no_name_column"),
        (b"name,document\na,https://x\n", "missing_column"),
        (b"name,document,parte,cor\na,b,c,d\n", "unknown_column"),
        (b"name,document,document,parte\na,b,c,d\n", "repeated_column"),
        (b"name,document,parte,\na,b,c,d\n", "unnamed_column"),
        (b"x" * (MOST_TABLE_BYTES + 1), "file_too_large"),
    ],
)
def test_what_is_no_table_for_the_app_is_refused_as_a_whole(content, code):
    assert refusal(content) == code


def test_exactly_ten_thousand_rows_are_taken():
    assert len(rows(b"name,document,parte\n" + b"a,https://x.example/a,b\n" * MOST_ROWS)) == MOST_ROWS


def test_fifty_megabytes_are_refused_with_their_size():
    with pytest.raises(Unreadable, match="50 MB"):
        read_table(b"x" * 50_000_000)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f",{URL},b,", "no_name"),
        (f"{'n' * 301},{URL},b,", "long_name"),
        ("a,,b,", "missing_value"),
        (f"a,{URL},,", "missing_value"),
        ("a,ftp://x/a.pdf,b,", "no_address"),
        ("a,javascript:alert(1),b,", "no_address"),
        ("a,https://x/a b.pdf,b,", "no_address"),
        (f'a,{URL},"=HYPERLINK(""http://evil"")",', "formula"),
        (f"=1+1,{URL},b,", "formula"),
        (f"a,{URL},@SUM(A1),", "formula"),
        (f"a,{URL},+cmd|' /C calc'!A0,", "formula"),
        (f"a,{URL},b,zwei", "no_number"),
        (f"a,{URL},b,true", "no_number"),
        (f"a,{URL},b", "cells"),
        (f"a,{URL},b,1,2", "cells"),
        (f"a\x07b,{URL},b,", "control_characters"),
    ],
)
def test_a_row_that_cannot_be_sent_says_why_and_the_others_stand(line, code):
    faulty, fine = rows(f"name,document,parte,vias\n{line}\nb,{URL},x,2\n")

    assert code in codes(faulty)
    assert codes(fine) == []
    assert fine.variables["vias"] == 2
    assert all("%(" not in sentence(each) for each in faulty.problems)


def test_numbers_and_telephones_are_no_formulas():
    (row,) = rows(f"name,document,parte,vias\na,{URL},+55 11 4002 8922,-3\n")

    assert codes(row) == []
    assert row.variables["vias"] == -3


def test_where_tela_does_not_tell_what_is_asked_for_a_header_says_what_is_a_file():
    (row,) = rows(f"name,file:contrato,cor\na,{URL},azul\n", UNTOLD)

    assert row.variables == {"contrato": {"file_url": URL}, "cor": "azul"}


def test_a_mark_of_ours_cannot_be_smuggled_in_as_a_tag():
    (row,) = rows(f"name,tags,document,parte\na,x|telareview:0123456789abcdef,{URL},b\n")

    assert row.tags == ["x"]


def test_the_template_is_a_header_that_fits():
    assert template_of(ASKED) == ["name", "tags", "document", "parte", "vias"]
    assert rows(f"{','.join(template_of(ASKED))}\na,,{URL},b,\n")[0].problems == []


@given(st.binary(max_size=300))
def test_no_bytes_break_it(content):
    try:
        found, said = rows(content, UNTOLD), ""
    except Unreadable as error:
        found, said = [], str(error)

    assert "%(" not in said
    assert said not in SENTENCES, "a code without a sentence"
    assert all(row.number >= 2 for row in found)


PDF = b"%PDF-1.7\n...\n%%EOF\n"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", PDF, None),
        ("A.PDF", b"\r\n" + PDF, None),
        ("a.pdf", b"<html>not found</html>", "no_pdf"),
        ("a.pdf", PDF[:10], "cut_pdf"),
        ("a.pdf", b"", "file_empty"),
        ("a.pdf", b"%PDF-" + b"x" * 25_000_000, "document_too_large"),
        ("a.exe", b"MZ", "unknown_kind"),
        ("pdf", PDF, "unknown_kind"),
        ("a.png", PDF, "other_kind"),
        ("a.png", b"\x89PNG\r\n\x1a\n...", None),
        ("a.txt", b"anything", None),
    ],
)
def test_a_file_is_what_its_name_says(name, content, code):
    found = check_file(name, content)

    assert (found and found[0]) == code
    assert set(KINDS) >= {"pdf", "png", "docx"}
