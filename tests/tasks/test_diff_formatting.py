"""The same value written differently is formatting; whatever may be another value is a change."""

import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.tasks.diff.formatting import same_value

SAME = [
    # Amounts.
    (150000, "150000"),
    (150000, "150.000"),
    (150000, "150.000,00"),
    (150000, "150,000.00"),
    (150000, "R$ 150.000,00"),
    (150000, "R$\u00a0150.000,00"),
    (150000, "150 000,00"),
    (150000, "150'000.00"),
    ("150.000,00", "150,000.00"),
    ("150.000,00", "150000"),
    ("R$150", "R$ 150,00"),
    ("R$ 10,00", "10.00 BRL"),
    ("1.234.567", "1,234,567"),
    ("R$ 1.234", "R$1.234,00"),
    ("0,5", "0.50"),
    ("0", "0,00"),
    (Decimal("-3.5"), "R$ -3,50"),
    (Decimal("-3.5"), "-R$ 3,50"),
    ("-5", "(5,00)"),
    ("10%", "10,0 %"),
    (Decimal("1.234"), "1,234"),
    (1234, "1.234"),
    (1, Decimal("1.0")),
    (Decimal("1E+5"), 100000),
    # Dates, the day first.
    ("2026-12-01", "01/12/2026"),
    ("2026-12-01", "1/12/2026"),
    ("2026-12-01", "01.12.2026"),
    ("2026-12-01", "2026/12/01"),
    ("2026-12-01T00:00:00Z", "01/12/2026"),
    ("2026-12-01T00:00:00.000+00:00", "2026-12-01"),
    ("2026-12-01T09:30:00", "01/12/2026 09:30"),
    ("2026-12-01T10:00:00Z", "2026-12-01T07:00:00-03:00"),
    # Texts.
    ("Acme  Corp", " Acme\u00a0Corp\n"),
    ("", " "),
    ("a , b", "a, b"),
    ("total (bruto)", "total(bruto)"),
    ("Jose\u0301", "José"),
    ("Acme\u200b Corp", "Acme Corp"),
    # Registration and telephone numbers.
    ("123.456.789-09", "12345678909"),
    (12345678909, "123.456.789-09"),
    ("11222333000181", "11.222.333/0001-81"),
    ("(11) 98765-4321", "11 98765-4321"),
    ("+55 11 98765-4321", "5511987654321"),
    ("01310-100", "01310100"),
]

DIFFERENT = [
    # Either sign may be the decimal one.
    ("1.234", "1,234"),
    ("1.234,00", "1,234"),
    (150, "150.000"),
    ("150", "150.000"),
    # Codes.
    ("007", "7"),
    (7, "007"),
    ("1234567", "123-4567"),
    # Other units, signs, amounts.
    ("R$ 100", "US$ 100"),
    (10, "10%"),
    ("10", "10%"),
    ("12345678", "-12345678"),
    ("12345678", "123.456,78"),
    ("123456789", "1.234.567,89"),
    ("10, 5", "10,5"),
    (150000, "150.001,00"),
    # The month first, other days, other times.
    ("2026-12-01", "12/01/2026"),
    ("2011-12-10", "20/11/1210"),
    ("2026-12-01T00:00:00-03:00", "2026-12-01"),
    ("2026-12-01T10:00:00", "2026-12-01"),
    ("2026-12-01T10:00:00Z", "2026-12-01T10:00:00"),
    ("31/02/2026", "2026-02-31"),
    # Words.
    ("Acme", "ACME"),
    ("AcmeCorp", "Acme Corp"),
    ("João", "Joao"),
    # Not texts or numbers.
    (True, 1),
    (True, "true"),
    (None, ""),
    ([], {}),
    (float("nan"), "nan"),
    (float("inf"), "1.234"),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_it_is_the_same_value_both_ways(before: Any, after: Any) -> None:
    assert same_value(before, after)
    assert same_value(after, before)


@pytest.mark.parametrize(("before", "after"), DIFFERENT)
def test_it_is_another_value_both_ways(before: Any, after: Any) -> None:
    assert not same_value(before, after)
    assert not same_value(after, before)


@given(st.integers(-(10**12), 10**12), st.integers(0, 99))
def test_every_amount_is_known_in_brazilian_and_american_notation(whole: int, cents: int) -> None:
    number = Decimal(f"{whole}.{cents:02}")
    american = f"{whole:,}.{cents:02}"
    brazilian = american.translate(str.maketrans(",.", ".,"))

    assert same_value(number, f"R$ {brazilian}")
    assert same_value(american, brazilian)
    assert not same_value(number + 1, brazilian)


@given(st.dates())
def test_every_date_is_known_in_brazilian_notation(day: Any) -> None:
    assert same_value(day.isoformat(), f"{day:%d/%m}/{day.year:04}")


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_it_and_the_order_does_not_matter(one: str, other: str) -> None:
    assert same_value(one, other) is same_value(other, one)


@given(st.text(max_size=40))
def test_normalization_is_formatting(text: str) -> None:
    assert same_value(unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text))


def test_long_texts_are_compared_as_prose() -> None:
    prose = "o valor é de R$ 150.000,00 " * 1000

    assert same_value(prose, prose.replace(" ", "  "))
    assert not same_value(prose, prose.replace("150.000,00", "150000"))
