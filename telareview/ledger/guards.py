"""Triggers that make a table append-only. They stop accidents; the seals are the evidence."""

import pgtrigger
from django.db import models

APPEND_ONLY = "_is_append_only"


def refuse(name: str, operation: pgtrigger.Operation | pgtrigger.Operations) -> pgtrigger.Trigger:
    """A trigger that refuses the operation on any row, with a sentence naming the table."""
    return pgtrigger.Trigger(
        name=name,
        operation=operation,
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;",
    )


def append_only(table: str) -> list[pgtrigger.Trigger]:
    """UPDATE, DELETE and TRUNCATE refused, even where no row would be met."""
    return [
        refuse(f"{table}{APPEND_ONLY}", pgtrigger.Update | pgtrigger.Delete),
        refuse(f"{table}_is_not_truncated", pgtrigger.Truncate),
    ]


def is_append_only(model: type[models.Model]) -> bool:
    """Whether the model's table wears the triggers of `append_only`."""
    return any(trigger.name.endswith(APPEND_ONLY) for trigger in getattr(model._meta, "triggers", ()))
