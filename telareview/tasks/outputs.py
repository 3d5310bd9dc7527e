"""Searching inside outputs: `output.<path>` conditions against the derived index."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.apps import apps
from django.db.models import (
    Case,
    DecimalField,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, GreaterThanOrEqual, IContains, LessThanOrEqual

from telareview.tasks.filters import OutputCondition
from telareview.tasks.searchable import MAX_EXPONENT
from telareview.tela import parse_path

SPOKEN = {"true": True, "false": False, "null": None}


def output_conditions(output: Iterable[OutputCondition]) -> Exists:
    """A task's current output meets every condition; several values of one `=` condition OR."""
    index = apps.get_model("tasks", "OutputIndex")
    found = index.objects.filter(workspace=OuterRef("workspace"), task_id=OuterRef("task_id"))
    equal: dict[str, list[str]] = {}
    for condition in output:
        if condition.operator:
            found = found.filter(_compared(condition))
        else:
            equal.setdefault(condition.path, []).append(condition.value)
    for path, values in equal.items():
        either = Q()
        for value in values:
            either |= _equal(path, value)
        found = found.filter(either)
    return Exists(found)


def _equal(path: str, value: str) -> Q:
    """Equal as text, number, truth value or null; containment uses the index. List positions are matched exactly."""
    parts = parse_path(path)
    if any(isinstance(part, int) for part in parts):
        return Q(Exact(text_at(path), value))
    spoken: list[Any] = [value]
    if (number := _number(value)) is not None:
        spoken.append(int(number) if number == number.to_integral_value() else float(number))
    if value in SPOKEN:
        spoken.append(SPOKEN[value])
    either = Q()
    for each in spoken:
        nested: Any = each
        for part in reversed(parts):
            nested = {part: nested}
        either |= Q(content__contains=nested)
    return either


def _compared(condition: OutputCondition) -> Q:
    """Numbers compare with numbers, text with text (so ISO dates in order); other types never match."""
    text = text_at(condition.path)
    if condition.operator == "contains":
        return Q(IContains(text, condition.value))
    compare = {"gte": GreaterThanOrEqual, "lte": LessThanOrEqual}[condition.operator]
    number = _number(condition.value)
    kind, value = ("number", Cast(text, _Numeric())) if number is not None else ("string", text)
    alike = Case(When(Exact(kind_at(condition.path), kind), then=value), default=None)
    return Q(compare(alike, number if number is not None else condition.value))


class _TextArray(TextField):
    def db_type(self, connection: Any) -> str:
        return "text[]"


class _Numeric(DecimalField):
    def __init__(self) -> None:
        super().__init__(max_digits=1000, decimal_places=500)

    def db_type(self, connection: Any) -> str:
        return "numeric"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value


def text_at(path: str) -> Func:
    """The value at a path of `OutputIndex.content`: text as it is, everything else as JSON."""
    keys = Cast(Value([str(part) for part in parse_path(path)]), _TextArray())
    return Func(F("content"), keys, arg_joiner=" #>> ", template="(%(expressions)s)", output_field=TextField())


def kind_at(path: str) -> Func:
    """The type of the value there, as `jsonb_typeof` says it."""
    keys = Cast(Value([str(part) for part in parse_path(path)]), _TextArray())
    value = Func(F("content"), keys, arg_joiner=" #> ", template="(%(expressions)s)", output_field=JSONField())
    return Func(value, function="jsonb_typeof", output_field=TextField())


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= MAX_EXPONENT else None
