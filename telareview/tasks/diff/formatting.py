"""When two scalars are the same value written differently.

The rule where a reading is doubtful: say *changed*. A shown change that was only formatting costs a glance; a hidden
change of value costs trust. So `"1.234"` → `"1,234"` is a change (either sign may be the decimal one), `"007"` → `"7"`
is a change (it may be a code), and so are upper and lower case, another currency, and a blank put between two letters.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from telareview.tasks.diff.values import Json, type_name

#: Amounts, dates and registration numbers are short; longer texts are only compared as prose. Characters.
MAX_NOTATION_CHARS = 48
#: Digits from which digits between signs are taken for a registration or telephone number (a CEP has 8).
MIN_REGISTRATION_DIGITS = 8

_UNITS = {"R$": "BRL", "BRL": "BRL", "US$": "USD", "USD": "USD", "$": "$", "€": "EUR", "EUR": "EUR", "£": "GBP"}
_UNITS |= {"GBP": "GBP", "%": "%"}
_UNIT = "|".join(re.escape(sign) for sign in sorted(_UNITS, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?P<open>\()?(?P<sign>[-−] ?)?(?P<unit>{_UNIT})? ?(?P<late_sign>[-−] ?)?"
    rf"(?P<body>[0-9][0-9., ']*?) ?(?P<late_unit>{_UNIT})?(?P<close>\))?"
)
_PLAIN = re.compile(r"0|[1-9][0-9]*")
_GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(?:(?P<mark>[., '])[0-9]{3})(?P<more>(?:(?P=mark)[0-9]{3})*)(?:(?P<point>[.,])[0-9]+)?"
)
_POINTED = re.compile(r"(?:0|[1-9][0-9]*)(?P<point>[.,])[0-9]+")

_TIME = (
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?)?"
    r" ?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_DATES = (
    re.compile(rf"(?P<year>\d{{4}})(?P<mark>[-/])(?P<month>\d\d)(?P=mark)(?P<day>\d\d){_TIME}", re.ASCII),
    re.compile(rf"(?P<day>\d\d?)(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<year>\d{{4}}){_TIME}", re.ASCII),
)

#: Every notation of an amount, a date or a registration consists of these, as most texts do not, which is seen at once.
_NOTATION = re.compile(rf"[-−0-9\s.,'()+/:TZ{re.escape(''.join(_UNITS))}]*")
_REGISTRATION = re.compile(r"[0-9 ()+./-]+")
_NONZERO = re.compile(r"[1-9]+")
_NO_DIGITS = re.compile(r"[^0-9]+")
_INVISIBLE = "\u200b\u2060\ufeff"
_SIGN = r"[!-/:-@\[-`{-~]"
#: A blank between a sign and a digit may separate two numbers (`10, 5`), so it counts, except beside these.
_IDLE_BLANK = re.compile(rf"(?<={_SIGN}) (?![0-9])|(?<![0-9]) (?={_SIGN})|(?<=[$€£(]) | (?=[)%])")


def same_value(before: Json, after: Json) -> bool:
    """Whether two scalars that are not written the same mean the same.

    Numbers of equal value; a number and a text that states it; texts that differ only in runs of white space, blanks
    beside signs, or Unicode normalization; the same amount or calendar date in two notations (day before month; a
    date equals its midnight UTC); the same registration number with and without its punctuation. False for booleans,
    null, objects and lists.
    """
    if isinstance(before, str):
        if isinstance(after, str):
            return _same_text(before, after)
        return type_name(after) == "number" and _states(before, after)
    if type_name(before) != "number":
        return False
    if isinstance(after, str):
        return _states(after, before)
    return type_name(after) == "number" and before == after


def _same_text(before: str, after: str) -> bool:
    before, after = _composed(before).strip(), _composed(after).strip()
    if before[:1] == after[:1] and before[-1:] == after[-1:] and _same_words(before, after):
        return True
    if not _NOTATION.fullmatch(before) or not _NOTATION.fullmatch(after):
        return False
    before, after = " ".join(before.split()), " ".join(after.split())
    if len(before) > MAX_NOTATION_CHARS or len(after) > MAX_NOTATION_CHARS:
        return False
    return _same_notation(_squeezed(before), _squeezed(after)) if _may_agree(before, after) else False


def _same_words(before: str, after: str) -> bool:
    words, other_words = before.split(), after.split()
    if words == other_words:
        return True
    return "".join(words) == "".join(other_words) and _squeezed(" ".join(words)) == _squeezed(" ".join(other_words))


def _may_agree(before: str, after: str) -> bool:
    """A cheap no: one amount, date or registration has the same digits in every notation, zeros aside."""
    if ":" in before and ":" in after:  # the same instant in two zones
        return True
    digits, other_digits = "".join(_NONZERO.findall(before)), "".join(_NONZERO.findall(after))
    if not digits and not other_digits:
        return "0" in before and "0" in after
    return len(digits) == len(other_digits) and sorted(digits) == sorted(other_digits)


def _same_notation(before: str, after: str) -> bool:
    one, other = _amount(before), _amount(after)
    if one and other:
        return _same_amount(one, other)
    day, other_day = _moment(before), _moment(after)
    if day and other_day:
        return _same_moment(day, other_day)
    digits = _NO_DIGITS.sub("", before)
    same_digits = digits == _NO_DIGITS.sub("", after)
    return same_digits and _is_registration(before, digits) and _is_registration(after, digits)


def _states(text: str, number: Json) -> bool:
    if len(text) > 2 * MAX_NOTATION_CHARS:
        return False
    text = _squeezed(" ".join(_composed(text).split()))
    amount = _amount(text)
    if amount is None:
        digits = _NO_DIGITS.sub("", text)
        return type(number) is int and _is_registration(text, digits) and digits == str(number)
    if amount.unit == "%":
        return False
    if amount.value == number:
        return True
    if amount.as_fraction is None or not isinstance(number, (int, float, Decimal)):
        return False
    # `150` → "150.000" most likely became a hundred and fifty thousand.
    return amount.as_fraction == number and (number != int(number) or str(number) == text)


def _composed(text: str) -> str:
    if text.isascii():
        return text
    # `translate` looks up each letter by itself: a second for a text of megabytes.
    for letter in _INVISIBLE:
        text = text.replace(letter, "")
    return unicodedata.normalize("NFC", text)


def _squeezed(text: str) -> str:
    return _IDLE_BLANK.sub("", text) if " " in text else text


def _is_registration(text: str, digits: str) -> bool:
    return len(digits) >= MIN_REGISTRATION_DIGITS and _REGISTRATION.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class _Amount:
    value: Decimal
    unit: str | None
    #: The sign known to be the decimal one, if the notation gives it away.
    point: str | None
    #: The one separator that may be either, as in `1.234`; `value` then reads it as thousands.
    doubtful: str | None = None
    as_fraction: Decimal | None = None


def _amount(text: str) -> _Amount | None:
    match = _AMOUNT.fullmatch(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    signs = [sign for sign in (match["open"], match["sign"], match["late_sign"]) if sign]
    units = [_UNITS[unit] for unit in (match["unit"], match["late_unit"]) if unit]
    if len(signs) > 1 or len(units) > 1:
        return None
    unit = units[0] if units else None
    body = match["body"]

    def signed(digits: str) -> Decimal:
        return Decimal(digits).copy_negate() if signs else Decimal(digits)

    if _PLAIN.fullmatch(body):
        return _Amount(signed(body), unit, point=None)
    grouped = _GROUPED.fullmatch(body)
    if grouped and grouped["point"] != grouped["mark"]:
        mark, point = grouped["mark"], grouped["point"]
        whole = body.replace(mark, "")
        if point:
            return _Amount(signed(whole.replace(point, ".")), unit, point)
        if mark in ".," and not grouped["more"]:
            return _Amount(signed(whole), unit, None, doubtful=mark, as_fraction=signed(body.replace(mark, ".")))
        return _Amount(signed(whole), unit, point={".": ",", ",": "."}.get(mark))
    pointed = _POINTED.fullmatch(body)
    if pointed:
        return _Amount(signed(body.replace(pointed["point"], ".")), unit, pointed["point"])
    return None


def _same_amount(one: _Amount, other: _Amount) -> bool:
    if one.unit != other.unit and ("%" in (one.unit, other.unit) or (one.unit and other.unit)):
        return False
    if one.doubtful and other.doubtful:
        return one.doubtful == other.doubtful and one.value == other.value
    return _read(one, other.point) == _read(other, one.point)


def _read(amount: _Amount, point: str | None) -> Decimal:
    return amount.as_fraction if amount.as_fraction is not None and amount.doubtful == point else amount.value


def _moment(text: str) -> tuple[datetime, bool] | None:
    """The date or instant a text names, and whether it names a time of day."""
    match = _DATES[0].fullmatch(text) or _DATES[1].fullmatch(text)
    if match is None:
        return None
    zone = None
    try:
        if match["zone"] == "Z":
            zone = UTC
        elif match["zone"]:
            sign, digits = match["zone"][0], match["zone"][1:].replace(":", "")
            away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            zone = timezone(-away if sign == "-" else away)
        moment = datetime(
            int(match["year"]),
            int(match["month"]),
            int(match["day"]),
            int(match["hour"] or 0),
            int(match["minute"] or 0),
            int(match["second"] or 0),
            int((match["fraction"] or "").ljust(6, "0")),
            tzinfo=zone,
        )
    except ValueError:
        return None
    return moment, match["hour"] is not None


def _same_moment(one: tuple[datetime, bool], other: tuple[datetime, bool]) -> bool:
    (moment, timed), (other_moment, other_timed) = one, other
    if timed != other_timed:
        # The one with a time of day must be midnight UTC, or midnight without a zone.
        utc = [m.replace(tzinfo=None) for m in (moment, other_moment) if not m.utcoffset()]
        return len(utc) == 2 and utc[0] == utc[1]
    return (moment.tzinfo is None) == (other_moment.tzinfo is None) and moment == other_moment
