"""The value of a column as SQL, and its text in the files made of text."""

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

from telareview.exports.columns import Column, Kind
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


def name_or_erasure() -> Case:
    """The name, or where it was erased the words that say so: an empty cell says null."""
    words = Concat(Value("erased under request "), Cast("erasure", TextField()), output_field=TextField())
    return Case(When(erasure__isnull=False, name__isnull=True, then=words), default=F("name"))


def typed(column: Column, plan: "Plan") -> Expressed:
    """The value in its own type; a pseudonym for a person where the plan asks for it."""
    if column.kind is Kind.OUTPUT:
        return output_text(column.source)
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


def output_text(path: str) -> Subquery:
    """The value at a path of the current output: text as it is, everything else as JSON."""
    return output_value(text_at(path))


def output_value(expression: Expression) -> Subquery:
    """An expression over `OutputIndex.content` of the task, as text."""
    index = OutputIndex.objects.filter(workspace=OuterRef("workspace"), task_id=OuterRef("task_id"))
    return Subquery(index.values_list(expression)[:1], output_field=TextField())
