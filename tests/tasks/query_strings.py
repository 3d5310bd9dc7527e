"""Random query strings: from nearly right to plain rubbish, the same for the same seed."""

import random
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from telareview.tasks.parameters import PARAMETERS
from tests.tasks.hostile import TEXTS
from tests.tasks.records import INVOICES, task_id

NAMES = (
    *PARAMETERS,
    *(f"{name}[]" for name in PARAMETERS),
    *("output.cliente", "output.total.valor__gte", "output.itens[0].descricao__contains", "output.x__lte", "output."),
    *("output.__gte", "output.[", "output.a..b", "output.a[99999999999]__gte", "foo", "", "Q", "offset", "exact"),
)
VALUES = (
    *("completed", "validating,failed", '["completed"]', "[", '["a", 1]', "[[[[", "approvedDirectly", "unknown"),
    *("ana.souza@acme.example", "0", "1", "-1", "25", "100", "101", "9" * 30, "1e9", "٣", "½", "0x10", " ", "+", "%"),
    *("2026-03-01", "2026-02-30", "2026-03-01T10:00", "2026-03-01T10:00:00-03:00", "2026-03-01 10:00 03:00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-W10-1", "1762000000", "1762000000000", "24:00"),
    *("name", "approvedAt", "reference", "id", "asc", "desc", "sideways", "live", "mirror", "include", "only", "end"),
    *(str(INVOICES), str(task_id(1)), str(task_id(1))[:9], "urn:uuid:" + str(INVOICES), "{" + str(INVOICES) + "}"),
    *("#1", "# 1.234", "INV", "inv%", "a_b\\", "'; DROP TABLE tasks_task; --", "1 OR 1=1", "NaN", "Infinity", "1e400"),
    *("name,status,id", "name,name", "itens[0].descricao", "a.b[", "true", "null", "WyJuYW1lIiwgbnVsbCwgIngiXQ"),
    *(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for text in TEXTS),
)


def query_strings(seed: int, count: int) -> Iterator[str]:
    """Raw query strings as a server gets them: any of them may be broken in its names, values or escapes."""
    dice = random.Random(seed)
    for _ in range(count):
        if dice.random() < 0.05:
            yield "".join(chr(dice.randrange(33, 256)) for _ in range(dice.randrange(60)))
        else:
            yield "&".join(_pair(dice) for _ in range(dice.choice((1, 1, 2, 2, 3, 4, 6, 12))))


def _pair(dice: random.Random) -> str:
    name, value = dice.choice(NAMES), _value(dice)
    if dice.random() < 0.05:
        name = "".join(dice.choices(name + "[]._%é\0", k=dice.randrange(12)))
    escape = quote_plus if dice.random() < 0.5 else quote
    pair = f"{escape(name)}={escape(value)}"
    if dice.random() < 0.08:
        place = dice.randrange(len(pair) + 1)
        pair = (
            pair[:place]
            + dice.choice(("%", "%zz", "%00", "%ed%a0%80", "%ff", ";", "&&", "=", "\xe9", "+"))
            + pair[place:]
        )
    return pair


def _value(dice: random.Random) -> str:
    value = dice.choice(VALUES)
    if dice.random() < 0.15 and value:
        letters = list(value)
        letters[dice.randrange(len(letters))] = dice.choice("0aé,;:[]\"'%\0\n\u202e😀-T")
        value = "".join(letters)
    return value if dice.random() > 0.03 else value * dice.choice((3, 50))
