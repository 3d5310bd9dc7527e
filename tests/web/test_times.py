from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.web import times

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOON = datetime(2026, 11, 22, 15, 0, 5, 123_456, tzinfo=UTC)

moments = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(["America/Sao_Paulo", "UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"])
languages = st.sampled_from(["en", "pt-br"])


@pytest.mark.parametrize(("language", "text"), [("en", "22 Nov 2026 12:00"), ("pt-br", "22/11/2026 12:00")])
def test_a_moment_is_told_in_the_readers_language_and_zone(language, text):
    assert times.absolute_text(NOON, language, SAO_PAULO) == text


def test_the_exact_moment_names_seconds_zone_and_offset():
    assert times.exact_text(NOON, "en", SAO_PAULO) == "22 Nov 2026 12:00:05 America/Sao_Paulo (UTC−03:00)"
    assert times.exact_text(NOON, "pt-br", ZoneInfo("Asia/Kathmandu")) == (
        "22/11/2026 20:45:05 Asia/Kathmandu (UTC+05:45)"
    )


@given(moments, zones, languages)
def test_every_moment_is_as_wide_as_every_other_and_reads_back(moment, zone, language):
    text = times.absolute_text(moment, language, ZoneInfo(zone))

    assert len(text) == (16 if language == "pt-br" else 17)
    layout = "%d/%m/%Y %H:%M" if language == "pt-br" else "%d %b %Y %H:%M"
    local = moment.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0, tzinfo=None)
    assert datetime.strptime(text, layout) == local


@given(moments)
def test_the_machines_form_reads_back_to_the_millisecond(moment):
    text = times.iso_text(moment)

    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-59), "just now"),
        (timedelta(), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(hours=24), None),
        (timedelta(days=400), None),
        (timedelta(minutes=-2), None),
    ],
)
def test_only_the_last_day_is_told_by_its_age(age, text):
    assert times.relative_text(NOON - age, NOON) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.04, "<0.1 s"),
        (0.49, "0.4 s"),
        (1.9, "1 s"),
        (59.99, "59 s"),
        (60, "1 min"),
        (14 * 60 + 59, "14 min"),
        (3599, "59 min"),
        (2 * 3600 + 8 * 60, "2 h 08"),
        (86_399, "23 h 59"),
        (86_400 + 3 * 3600 + 59 * 60, "1 d 3 h"),
        (1234 * 86_400, "1,234 d 0 h"),
        (timedelta(minutes=14), "14 min"),
        (-90, "−1 min"),
    ],
)
def test_a_span_is_told_in_at_most_two_units(seconds, text):
    assert times.duration_text(seconds, "en") == text


@given(st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, max_value=1e9))
def test_a_longer_span_never_reads_shorter(one, other):
    def seconds(text: str) -> float:
        units = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
        parts = text.replace("<", "").replace(",", "").split()
        pairs = list(zip(parts[::2], parts[1::2], strict=False))
        minutes = int(parts[2]) * 60 if len(parts) == 3 else 0
        return sum(float(figure) * units[unit] for figure, unit in pairs) + minutes

    shorter, longer = sorted([one, other])
    assert seconds(times.duration_text(shorter, "en")) <= seconds(times.duration_text(longer, "en"))


@pytest.mark.parametrize(
    ("value", "english", "portuguese"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1_234_567, "1,234,567", "1.234.567"),
        (-1234, "-1,234", "-1.234"),
        (1234.5, "1,234.5", "1.234,5"),
        (Decimal("150000.00"), "150,000.00", "150.000,00"),
        (9_007_199_254_740_993, "9,007,199,254,740,993", "9.007.199.254.740.993"),
    ],
)
def test_figures_have_separators_and_keep_every_digit(value, english, portuguese):
    assert times.number_text(value, "en") == english
    assert times.number_text(value, "pt-br") == portuguese


@given(st.integers())
def test_a_whole_number_reads_back_in_both_languages(value):
    assert int(times.number_text(value, "en").replace(",", "")) == value
    assert int(times.number_text(value, "pt-br").replace(".", "")) == value


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_299, "1.2 kB"),
        (3_400_000, "3.4 MB"),
        (5 * 10**15, "5,000.0 TB"),
    ],
)
def test_sizes_are_told_in_thousands(size, text):
    assert times.file_size_text(size, "en") == text
    assert times.file_size_text(1_299, "pt-br") == "1,2 kB"


def test_an_identifier_keeps_its_head_and_its_tail():
    assert times.short_id("8b6d2c9a-1111-4222-8333-4444deadbeef") == "8b6d2c9a…beef"
    assert times.short_id("0123456789abc") == "0123456789abc"


@given(st.text(max_size=80), st.integers(min_value=0, max_value=60))
def test_a_cut_text_fits_and_begins_and_ends_as_the_whole_does(text, length):
    cut = times.middle_cut(text, length)

    assert len(cut) <= max(length, 0)
    if len(text) <= length:
        assert cut == text
    elif length >= 3:
        head, tail = cut.split("…", 1) if "…" not in text else (cut[: length - 1 - (length - 1) // 2], None)
        assert text.startswith(head)
        assert tail is None or text.endswith(tail)


def test_a_day_is_told_without_an_hour():
    assert times.day_text(date(2026, 3, 1), "en") == "01 Mar 2026"
    assert times.day_text(date(2026, 3, 1), "pt-br") == "01/03/2026"
