"""The payload of each task of a list, now or as it was known at a moment."""

from typing import TYPE_CHECKING

from django.db.models import Case, Expression, F, Func, JSONField, OuterRef, Subquery, TextField, When

from telareview.tasks.models import Payload

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from telareview.exports.plan import Plan


def of_payload(plan: "Plan", value: Expression) -> Case:
    """A text out of the payload of the version that is listed; of a task that is gone, of the last that was known.

    `value` may use `text`, and `content` for its output without wrapping. Null where the payload was erased.
    """
    key = "pk" if plan.task_filter.as_of else "version_id"
    own = Payload.objects.filter(version=OuterRef(key))
    last = Payload.objects.filter(
        version__workspace=OuterRef("workspace"),
        version__task_id=OuterRef("task_id"),
        version__number__lte=OuterRef("version_number"),
    ).order_by("-version__number")
    return Case(When(gone_at__isnull=True, then=_first(own, value)), default=_first(last, value))


def _first(payloads: "QuerySet[Payload]", value: Expression) -> Subquery:
    # As `OutputIndex.content` holds it; see the migration.
    content = Func(F("text"), function="exports_output_content", output_field=JSONField())
    return Subquery(payloads.annotate(content=content).values_list(value)[:1], output_field=TextField())
