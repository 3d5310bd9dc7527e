import json
import math
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telareview.tela import UnreadableReply, canonical_json, decode, wire
from telareview.tela.wire import MAX_DEPTH, canonical_decoded, decode_slowly, is_too_deep

# With lone surrogates and NUL, which st.text() leaves out.
texts = st.text(st.characters(exclude_categories=()), max_size=20)
fractions = st.decimals(allow_nan=False, allow_infinity=False).filter(lambda number: number.as_tuple().exponent != 0)
scalars = st.none() | st.booleans() | st.integers() | st.integers(10**30, 10**60) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5), max_leaves=30
)
digits = st.from_regex(r"-?(0|[1-9][0-9]{0,40})\.[0-9]{1,40}([eE][+-]?[0-9]{1,3})?", fullmatch=True)


def octets(text):
    return text.encode("ascii")


@given(values)
def test_a_value_survives_writing_and_reading(value):
    assert decode(octets(canonical_json(value))) == value


@given(values)
def test_writing_again_gives_the_same_text(value):
    text = canonical_json(value)

    assert canonical_json(decode(octets(text))) == text


@given(st.dictionaries(texts, scalars, max_size=8), st.randoms())
def test_the_order_of_keys_makes_no_difference(value, random):
    shuffled = list(value.items())
    random.shuffle(shuffled)

    assert canonical_json(dict(shuffled)) == canonical_json(value)


@given(digits)
@example("-0.000E3")
@example("0.00e2")
@example("1.50E+1")
def test_no_digit_of_a_fraction_is_lost(literal):
    number = decode(octets(literal))

    assert isinstance(number, Decimal)
    assert number.as_tuple() == Decimal(literal).as_tuple()
    text = canonical_json(number)
    assert Decimal(text) == number
    assert Decimal(text).as_tuple()[1:] == number.as_tuple()[1:]
    assert canonical_json(decode(octets(text))) == text


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})\.[0-9]{1,6}", fullmatch=True))
def test_a_plain_fraction_is_written_as_it_came(literal):
    assert canonical_json(decode(octets(literal))) == literal


@pytest.mark.parametrize("literal", ["1.10", "9007199254740993", "123456789012345678901234567890", "0.30", "-0.0"])
def test_numbers_keep_their_spelling(literal):
    assert canonical_json(decode(octets(literal))) == literal


@pytest.mark.parametrize("text", [r'"a\u0000b"', r'"\ud800"', r'"\udc00\ud800"', r'"\u00e7\u00e3o"'])
def test_nul_and_lone_surrogates_survive(text):
    assert canonical_json(decode(octets(text))) == text


def test_the_canonical_form_is_sorted_tight_and_ascii():
    value = decode('{"b": [1, {"z": 1.10, "a": null}], "ação": "é€😀", "a": true}'.encode())

    assert canonical_json(value) == (
        r'{"a":true,"a\u00e7\u00e3o":"\u00e9\u20ac\ud83d\ude00","b":[1,{"a":null,"z":1.10}]}'
    )


def test_text_that_looks_like_a_number_stays_text():
    assert canonical_json({"1.10": "1.10", "n": Decimal("1.10")}) == '{"1.10":"1.10","n":1.10}'


@pytest.mark.parametrize(
    "number", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity"), Decimal("sNaN")]
)
def test_what_json_does_not_have_is_not_written(number):
    with pytest.raises(ValueError, match="JSON"):
        canonical_json([number])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"[NaN]", "NaN or Infinity"),
        (b"[-Infinity]", "NaN or Infinity"),
        (b"1" * 5000, "too long"),
        (b"1e99999999999999999999", "too long"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b"  <!DOCTYPE html><p>hello", "HTML"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b'[{"a": 1}, {"a"', "not JSON"),
        (b'[1] "more"', "not JSON"),
        (b'"a\nb"', "not JSON"),
        (b"{'a': 1}", "not JSON"),
    ],
)
def test_an_unreadable_body_is_told_in_a_sentence(body, sentence):
    with pytest.raises(UnreadableReply, match=sentence):
        decode(body)


def test_a_byte_order_mark_is_passed_over():
    assert decode(b"\xef\xbb\xbf[1]") == [1]


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    try:
        value = decode(body)
    except UnreadableReply:
        return
    assert decode(octets(canonical_json(value))) == value


def test_depth_is_counted_outside_of_strings_only():
    brackets_in_text = canonical_json({"text": "[{" * MAX_DEPTH})
    wide = canonical_json([[]] * (MAX_DEPTH * 2))
    at_the_limit = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    beyond = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)

    assert [is_too_deep(text) for text in (brackets_in_text, wide, at_the_limit, beyond)] == [False, False, False, True]


@settings(max_examples=300)
@given(st.lists(st.text('[]{}"\\é,:', max_size=6), max_size=8), st.sampled_from([MAX_DEPTH, MAX_DEPTH + 1]))
def test_no_text_hides_or_adds_a_level(texts, depth):
    many = [*texts, *[{text: [text, text]} for text in texts], [[]] * MAX_DEPTH]
    nested = json.dumps(many, ensure_ascii=False)

    around = depth - 3  # as it has three levels itself
    assert is_too_deep("[" * around + nested + "]" * around) is (depth > MAX_DEPTH)


# --- The quick way is the same way ------------------------------------------------------------------------------

numbers = st.integers().map(str) | digits | st.sampled_from(["-0", "-0.0", "-0E0", "1E400", "1e-9", "0E+3", "10" * 40])


@st.composite
def wire_texts(draw):
    """JSON as a server may write it: escaped or not, spaced or not, numbers in any spelling, keys in any order."""
    marks: dict[str, str] = {}

    def spelled(value):
        if isinstance(value, int) and not isinstance(value, bool):
            mark = f"number {len(marks)} here"
            marks[f'"{mark}"'] = draw(numbers)
            return mark
        if isinstance(value, list):
            return [spelled(each) for each in value]
        return {key: spelled(each) for key, each in value.items()} if isinstance(value, dict) else value

    spacing = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]))
    text = json.dumps(spelled(draw(values)), ensure_ascii=draw(st.booleans()), separators=spacing)
    for mark, number in marks.items():
        text = text.replace(mark, number)
    return text.encode("utf-8", "surrogatepass")


def read_by(reader, body):
    """The value, or the sentence about what came instead."""
    try:
        return reader(body)
    except UnreadableReply as error:
        return str(error)


@settings(max_examples=500)
@given(wire_texts())
@example(b'{"a\\"\\\\\\u00e9\\\\n": "\\\\\\"\xc3\xa9\\\\\xc3\xa9\\"", "\x7f": "\\u007f\\u2028"}')
def test_both_ways_read_and_write_the_same(body):
    wire._signed_zeros.clear()
    value = read_by(decode, body)

    slowly = read_by(decode_slowly, body)
    assert repr(value) == repr(slowly)
    assert canonical_decoded(value) == canonical_json(slowly)


@settings(max_examples=500)
@given(wire_texts(), st.data())
def test_both_ways_refuse_the_same(body, data):
    place = data.draw(st.integers(0, len(body)))
    broken = body[:place] + data.draw(st.binary(max_size=3)) + body[place + data.draw(st.integers(0, 3)) :]

    assert repr(read_by(decode, broken)) == repr(read_by(decode_slowly, broken))


@given(values)
@example({"\U00010000": 1, "\uffff": 2, "é": 3, "": 4, "aa": 5, "a": 6})
@example([Decimal("-0.0"), Decimal("1E+2"), "a\x7fé"])
@example(["ÿĀ\uffff", "\\xe9 é", "\\\\xe9 é", "\\U0001f600 é", "\\u00e9 é", "😀 é", "\\é"])
def test_both_ways_write_the_same_value(value):
    wire._signed_zeros.clear()

    assert canonical_decoded(value) == canonical_json(value)


@pytest.mark.parametrize("value", ["a" * 10, [["\ud800"]], {"\udc00": 1}])
def test_the_quick_way_leaves_what_it_cannot_write_to_the_other(value):
    assert canonical_decoded(value) == canonical_json(value)


def test_absurd_nesting_is_refused_by_both():
    value: object = 1
    for _ in range(200_000):
        value = [value]

    with pytest.raises(RecursionError):
        canonical_decoded(value)
