from datetime import UTC, date, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

NOON = datetime(2026, 11, 22, 15, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _reader():
    with timezone.override("America/Sao_Paulo"), translation.override("en"):
        yield


def rendered(source: str, **context) -> str:
    return Template("{% load formats %}" + source).render(Context(context))


def test_an_old_moment_is_a_time_element_with_its_date_and_the_exact_moment_as_title():
    assert rendered("{{ at|instant }}", at=NOON - timedelta(days=200)) == (
        '<time datetime="2026-05-06T15:00:05.000Z" title="06 May 2026 12:00:05 America/Sao_Paulo (UTC−03:00)">'
        "06 May 2026 12:00</time>"
    )


def test_a_young_moment_is_told_by_its_age():
    assert ">14 min ago</time>" in rendered("{{ at|instant }}", at=timezone.now() - timedelta(minutes=14, seconds=5))


def test_where_the_date_is_wanted_a_young_moment_has_one_too():
    assert ">22 Nov 2026 12:00</time>" in rendered("{{ at|absolute_instant }}", at=NOON)
    assert ">22 Nov 2026 12:00:05 America/Sao_Paulo (UTC−03:00)</time>" in rendered("{{ at|exact_instant }}", at=NOON)


def test_a_young_moment_keeps_its_date_for_the_script_that_tells_its_age():
    shown = rendered("{{ at|instant }}", at=timezone.now() - timedelta(minutes=14, seconds=5))

    assert ' data-relative="' in shown
    assert "data-relative" not in rendered("{{ at|instant }}", at=NOON - timedelta(days=200))


def test_a_detail_page_shows_seconds_and_offset():
    assert ">22 Nov 2026 12:00:05 −03:00</time>" in rendered("{{ at|precise_instant }}", at=NOON)


def test_portuguese_readers_see_their_own_order_and_marks():
    with translation.override("pt-br"):
        assert ">22/11/2026 12:00</time>" in rendered("{{ at|absolute_instant }}", at=NOON)
        assert rendered("{{ n|number }} {{ s|file_size }}", n=1_234_567, s=1_299) == "1.234.567 1,2 kB"


def test_a_day_is_the_one_in_the_readers_zone():
    late = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

    assert rendered("{{ at|day }}", at=late) == '<time datetime="2026-11-22">22 Nov 2026</time>'
    assert ">23 Nov 2026</time>" in rendered("{{ at|day }}", at=date(2026, 11, 23))


@pytest.mark.parametrize(
    "name",
    [
        "instant",
        "absolute_instant",
        "precise_instant",
        "exact_instant",
        "day",
        "number",
        "duration",
        "file_size",
        "short_id",
        "middle_cut",
    ],
)
def test_what_is_not_known_is_a_dash(name):
    assert rendered("{{ nothing|" + name + " }}", nothing=None) == "—"


@pytest.mark.parametrize("name", ["number", "short_id", "middle_cut"])
def test_markup_in_a_value_stays_text(name):
    assert "<b>" not in rendered("{{ value|" + name + " }}", value="<b>x</b>")


def test_what_is_no_figure_is_left_as_it_is():
    assert rendered("{{ a|number }} {{ b|number }}", a="1234", b=True) == "1234 True"


def test_identifiers_and_long_names_are_cut():
    assert rendered("{{ id|short_id }}", id="8b6d2c9a-1111-4222-8333-4444deadbeef") == "8b6d2c9a…beef"
    assert rendered("{{ name|middle_cut:9 }}", name="invoice-2026-11.pdf") == "invo….pdf"


def test_the_zone_is_named_with_its_offset():
    assert rendered("{% zone %}") == "America/Sao_Paulo (UTC−03:00)"
