"""The value of a column as SQL, and its text in the files made of text."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import (
    Case,
    CharField,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat
from django.db.models.lookups import IsNull

from telareview.exports.columns import Column, Kind
from telareview.exports.payloads import of_payload
from telareview.exports.people import Pseudonym
from telareview.tasks.acts import ReviewAct
from telareview.tasks.models import OutputIndex
from telareview.tasks.outputs import text_at

if TYPE_CHECKING:
    from telareview.exports.plan import Plan


type Expressed = Expression | F | Subquery


class Instant(Func):
    """`YYYY-MM-DDTHH:MM:SS.sssZ`."""

    template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    output_field = CharField()


class Joined(Func):
    """The items of an array between `|`."""

    template = "array_to_string(%(expressions)s, '|')"
    output_field = TextField()


class Seconds(Func):
    """A duration in seconds, to the millisecond, without needless zeros."""

    template = "trim_scale(round(extract(epoch FROM %(expressions)s), 3))"
    output_field = TextField()


def erased_words() -> Expression:
    """What stands in a cell whose value was erased: an empty one says null."""
    return Concat(Value("erased under request "), Cast("erasure", TextField()), output_field=TextField())


def name_or_erasure() -> Case:
    """The name, or where it was erased the words that say so."""
    return Case(When(erasure__isnull=False, name__isnull=True, then=erased_words()), default=F("name"))


def typed(column: Column, plan: "Plan") -> Expressed:
    """The value in its own type; a pseudonym for a person where the plan asks for it."""
    if column.kind is Kind.OUTPUT:
        return output_value(plan, text_at(column.source))
    if column.kind is Kind.SECONDS:
        span = ExpressionWrapper(F("approved_at") - F("created_at"), output_field=DurationField())
        return Case(When(status__in=("completed", "approved"), then=Seconds(span)), default=None)
    if column.name == "name":
        return name_or_erasure()
    if column.name == "revisionProcess":
        return Func(F(column.source), Value(""), function="NULLIF", output_field=TextField())
    if column.source == "approved_here_by":
        return Pseudonym(approver_here(), plan.workspace) if plan.masked else approver_here()
    if column.personal and plan.masked:
        return Pseudonym(column.source, plan.workspace)
    return F(column.source)


def heading(column: Column, plan: "Plan") -> str:
    """The column's words in the language that is switched on, with the zone of its moments."""
    return f"{column.label} ({plan.zone.key})" if column.kind is Kind.INSTANT else str(column.label)


def approver_here() -> Case:
    """The person here who asked for the approval that stands; null where it was given elsewhere, or none stands."""
    acts = ReviewAct.objects.filter(
        workspace=OuterRef("workspace"), task_id=OuterRef("task_id"), approved_at=OuterRef("approved_at")
    )
    person = Subquery(acts.order_by("-pk").values("person_email")[:1], output_field=TextField())
    return Case(When(status__in=("completed", "approved"), then=person), default=None)


def machine_text(column: Column, plan: "Plan") -> Expressed:
    """What COPY shall write, to the letter and in no language."""
    value = typed(column, plan)
    if column.kind is Kind.INSTANT:
        return Instant(value)
    return Joined(value) if column.kind is Kind.LIST else value


def output_value(
    plan: "Plan", value: Expression, spoken: Callable[[Expression], Expression] = lambda words: words
) -> Case:
    """An expression over `content`, the output of the task, as text; `spoken` words where it was erased.

    As of a moment it is read from the payload of the version known then, else from the index of outputs.
    """
    erased = When(erasure__isnull=False, then=spoken(erased_words()))
    if plan.task_filter.as_of:
        # A payload that went with age; its version tells no number.
        aged = When(IsNull(of_payload(plan, Value("there")), True), then=spoken(Value("erased", TextField())))
        return Case(erased, aged, default=of_payload(plan, value))
    index = OutputIndex.objects.filter(workspace=OuterRef("workspace"), task_id=OuterRef("task_id"))
    return Case(erased, default=Subquery(index.values_list(value)[:1], output_field=TextField()))
