"""JSON between the wire and us, without losing a digit or a character.

`msgspec` reads and writes nearly everything, five times as fast as the standard library, which counts for every task of
a pull. What it refuses (halves of surrogate pairs, a byte order mark, whatever is no JSON) the standard library's
`json` reads or explains; both give the same, and a test compares them.
"""

from __future__ import annotations

import codecs
import json
import re
import secrets
from contextlib import suppress
from decimal import Decimal, DecimalException
from json.encoder import encode_basestring_ascii
from typing import Any, NoReturn

import msgspec

from telareview.tela.errors import UnreadableReply

#: Levels of nesting that are read. PostgreSQL and our own code recurse over a value; nothing honest comes near.
MAX_DEPTH = 500

#: The encoder can write no Decimal, and text only in quotes. So a Decimal becomes text between two marks, which are
#: then cut away with the quotes. No value can contain the mark: it is drawn anew in each process and never leaves it.
_MARK = secrets.token_hex(16)
_OPENING, _CLOSING = f'"{_MARK}', f'{_MARK}"'
#: `-0` with an exponent. The look behind comes late, so that the two letters are looked for first.
_SIGNED_ZERO = re.compile(rb"-0(?<![^:,\[\s]-0)(?:\.0+)?[eE]")
#: All octets but brackets and quotes; brackets as square ones; and what stands between two quotes.
_NEITHER = bytes(each for each in range(256) if each not in b'[]{}"')
_SQUARE = bytes.maketrans(b"{}", b"[]")
_STRING = re.compile(rb'"[^"]*"')

#: What msgspec says when it cannot; the numbers are read by Decimal, which has words of its own.
_REFUSED = (msgspec.MsgspecError, ValueError, RecursionError, DecimalException)


def decode(body: bytes) -> Any:
    """The JSON value in a reply: integers exact, other numbers as Decimal with every digit, text as sent.

    Raises UnreadableReply, with a sentence about what came instead.
    """
    with suppress(*_REFUSED):
        return (_careful_reader if _SIGNED_ZERO.search(body) else _reader).decode(body)
    return decode_slowly(body)


def decode_slowly(body: bytes) -> Any:
    """As `decode`, by the standard library: what is right, and why a reply is not."""
    text = ""
    try:
        text = body.decode("utf-8").removeprefix("\ufeff")
        return _decoder.decode(text)
    except (ValueError, RecursionError, DecimalException) as error:
        reason = _reason(text, error)
    # Outside the handler: those exceptions hold the whole reply, and must not become the context of ours.
    raise UnreadableReply(reason)


def canonical_json(value: Any) -> str:
    """The one spelling of a decoded value: keys sorted, no blanks, ASCII only, every digit kept.

    `\\u0000` and lone surrogates survive as escapes. Equal text means equal content, whatever the order of keys was.
    Raises ValueError for what JSON does not have (NaN, Infinity), RecursionError for absurd nesting.
    """
    text = _encoder.encode(value)
    if _MARK in text:
        text = text.replace(_OPENING, "").replace(_CLOSING, "")
    return text


def canonical_decoded(value: Any) -> str:
    """The same as `canonical_json`, twice as fast, for what `decode` gave: no floats, no types of our own."""
    try:
        octets = _writer.encode(value)
    except _REFUSED:
        # Half of a surrogate pair, usually.
        return canonical_json(value)
    # That letter is ASCII, and the standard library escapes it all the same.
    if b"\x7f" in octets or _signed_zeros:
        return canonical_json(value)
    return octets.decode() if octets.isascii() else _escaped(octets)


def sorted_json(value: Any) -> str:
    """As `canonical_decoded`, without the escapes that make it ASCII, half as long in the making.

    Of two such texts too, equal means equal content.
    """
    with suppress(*_REFUSED):
        if not _signed_zeros:
            return _writer.encode(value).decode()
    return canonical_json(value)


def is_too_deep(text: str) -> bool:
    """Whether JSON text nests deeper than MAX_DEPTH. Nearly always answered by counting alone."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    # Only brackets and quotes are looked at, then brackets outside of texts, of which the innermost pairs are taken
    # away level by level. All of it in sweeps: a walk over the letters of ten megabytes takes longer than all else that
    # is done with them. Texts that end and begin side by side may become one.
    octets = text.replace("\\\\", "").replace('\\"', "").encode("utf-8", "replace")
    brackets = _STRING.sub(b"", octets.translate(_SQUARE, _NEITHER).replace(b'""', b""))
    for _level in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def looks_like_html(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def _escaped(octets: bytes) -> str:
    """JSON text with the escapes that JSON has for letters beyond ASCII."""
    # Python's own `\xe9` is JSON's but for two letters, unless the text itself has what looks like it, or letters of
    # more than 16 bits. A call for each run of such letters takes three times as long, and Portuguese is full of them.
    text = octets.decode()
    parts = text.encode("ascii", "backslashreplace").split(b"\\x")
    # The first: as many as there are letters of eight bits, by their first octets. The second: none is of more than 16.
    # Looking for two octets such as `\x` in the text takes five times as long as counting one.
    of_eight_bits = octets.count(b"\xc2") + octets.count(b"\xc3")
    if len(parts) == of_eight_bits + 1 and len(text.encode("utf-16-le")) == 2 * len(text):
        return b"\\u00".join(parts).decode()
    return text.encode("ascii", _ESCAPED).decode()


def _escape(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: a run of letters beyond ASCII becomes the escapes that JSON has for them."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - the only kind that an encoder raises
    return encode_basestring_ascii(error.object[error.start : error.end])[1:-1], error.end


def _fraction(text: str) -> Decimal:
    """A number with a point or an exponent, every digit kept."""
    number = Decimal(text)
    if not number and str(number) == "-0":
        _signed_zeros.add("-0")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number.")


def _marked(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        # A fraction whose exponent eats its point is read again as an integer, and there is no integer -0.
        text = "0" if (text := str(value)) == "-0" else text
        return f"{_MARK}{text}{_MARK}"
    raise ValueError(f"A {type(value).__name__} of this value has no JSON form.")


def _reason(text: str, error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "The reply is not UTF-8 text."
    if isinstance(error, RecursionError):
        return "The reply is nested too deeply."
    if looks_like_html(text):
        return "A web page (HTML) came instead of JSON. Check TELA_API_URL."
    if not text.strip():
        return "The reply is empty."
    if isinstance(error, json.JSONDecodeError):
        return f"The reply is not JSON: broken at character {error.pos + 1} of {len(text)}."
    if isinstance(error, DecimalException) or "digits" in str(error):
        return "The reply holds a number too long to read."
    return "The reply holds NaN or Infinity, which are not JSON."


#: Not empty once this process has met a spelling such as `-0E0`: its value is written like no other (see `_marked`).
_signed_zeros: set[str] = set()
_ESCAPED = "telareview.json"
codecs.register_error(_ESCAPED, _escape)
#: A call of our own for each fraction takes a quarter of the whole, so it is kept for bodies with such a spelling.
_reader = msgspec.json.Decoder(float_hook=Decimal)
_careful_reader = msgspec.json.Decoder(float_hook=_fraction)
_writer = msgspec.json.Encoder(decimal_format="number", order="sorted")
_decoder = json.JSONDecoder(parse_float=_fraction, parse_constant=_refuse_constant)
_encoder = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, check_circular=False, default=_marked
)
