"""Who a session belongs to, together with the workspaces that person may enter: one statement for both."""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.db.models import Model

from telareview.accounts.models import Membership, Person, Workspace


class MemberBackend(AuthenticationBackend):
    """allauth's, which brings a person's memberships along: every page asks for them next."""

    def get_user(self, user_id: Any) -> AbstractBaseUser | None:
        entered = sorted(_found(user_id), key=_place)
        if not entered:
            nobody: AbstractBaseUser | None = super().get_user(user_id)
            return nobody
        person: Person = entered[0].person
        if not self.user_can_authenticate(person):
            return None
        person.entered = entered
        return person


def _found(person_id: Any) -> list[Membership]:
    """As `memberships_of`, with the person. Django writes the statement anew each time: a twelfth of a whole page."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [person_id])
        rows = cursor.fetchall()
    found = []
    for row in rows:
        values = iter(row)
        membership, workspace, person = (_made(model, names, values) for model, names in _columns())
        membership.workspace, membership.person = workspace, person
        found.append(membership)
    return found


def _made(model: type[Model], names: list[str], values: Iterator[Any]) -> Any:
    return model.from_db(connection.alias, names, [*islice(values, len(names))])


@cache
def _columns() -> list[tuple[type[Model], list[str]]]:
    return [
        (model, [field.attname for field in model._meta.concrete_fields]) for model in (Membership, Workspace, Person)
    ]


@cache
def _statement() -> str:
    tables = [model._meta.db_table for model, _names in _columns()]
    listed = ", ".join(f"{model._meta.db_table}.{name}" for model, names in _columns() for name in names)
    return (
        f"SELECT {listed} FROM {tables[0]} "  # noqa: S608 - names from the models
        f"JOIN {tables[1]} ON {tables[1]}.id = workspace_id JOIN {tables[2]} ON {tables[2]}.id = person_id "
        "WHERE person_id = %s"
    )


def _place(membership: Membership) -> tuple[str, int]:
    return membership.workspace.name, membership.workspace_id


def memberships_of(person_id: Any) -> Any:
    """With their workspaces, in the order in which they are offered."""
    return (
        Membership.objects.filter(person_id=person_id)
        .select_related("workspace")
        .order_by("workspace__name", "workspace_id")
    )
