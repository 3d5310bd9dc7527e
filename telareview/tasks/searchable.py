"""What is searched in an output: the value as the derived index can hold it."""

import re
from decimal import Decimal
from typing import Any

from telareview.tela import canonical_json, sorted_json

#: Larger exponents are no quantities of a document, and PostgreSQL's numeric ends at 131,072 digits.
MAX_EXPONENT = 1000
#: What `jsonb` may refuse, in canonical JSON: `\\u0000`, halves of surrogate pairs, long exponents and numbers. One
#: after the other, each from its first character on, they are looked for five times as fast as in one expression.
DOUBTFUL = tuple(map(re.compile, (r"\\u(?:0000|d[89a-f])", r"E[+-]?\d{4}", r"\d{1000}")))
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def searchable_json(value: Any) -> str:
    """`value` as JSON text that `jsonb` can hold: `\\u0000` and lone surrogates become U+FFFD, absurd numbers text."""
    text = sorted_json(value)
    doubtful = any(pattern.search(text) for pattern in DOUBTFUL)
    return canonical_json(_searchable(value)) if doubtful else text


def _searchable(value: Any) -> Any:
    match value:
        case str():
            return LONE_SURROGATE.sub("\ufffd", value.replace("\0", "\ufffd"))
        case dict():
            return {_searchable(key): _searchable(each) for key, each in value.items()}
        case list() | tuple():
            return [_searchable(each) for each in value]
        case Decimal() if abs(value.adjusted()) > MAX_EXPONENT:
            return str(value)
        case int() if not isinstance(value, bool) and value.bit_length() > 4 * MAX_EXPONENT:
            return "…"
    return value
