"""Bytes on the wire."""

import json

import pytest

from telareview.sandbox.wire import Number, dumps, iso, loads, milliseconds


def test_numbers_keep_their_spelling_there_and_back():
    text = b'{"a":1234.50,"b":-0.10000000000000000555,"c":9007199254740993123,"d":1E400,"e":[0.0]}'

    assert dumps(loads(text)) == text


def test_a_number_is_not_its_text():
    assert dumps([Number("1.50"), "1.50"]) == b'[1.50,"1.50"]'
    assert Number("1.50") == Number("1.50")
    assert Number("1.50") != "1.50"


def test_hostile_text_survives():
    value = 'a\x00b \ud83d lone \u2028 👩\u200d👧 \x01 "quoted" \\u0001'

    sent = dumps({"text": value})

    assert json.loads(sent) == {"text": value}
    assert b"\\u0000" in sent
    assert b"\\ud83d" in sent


@pytest.mark.parametrize("text", ["NaN", "[1,]", "", '{"a":Infinity}', "{'a':1}"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        loads(text)


def test_instants_have_milliseconds_and_z():
    assert iso(milliseconds("2024-02-29T23:59:59.999Z")) == "2024-02-29T23:59:59.999Z"
    assert iso(milliseconds("2026-11-20")) == "2026-11-20T00:00:00.000Z"
    assert iso(None) is None
