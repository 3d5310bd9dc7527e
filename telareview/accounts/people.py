"""People and their roles: who is added, and with which password."""

import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from telareview.accounts.models import Membership, Person, Workspace
from telareview.accounts.roles import Role

DEMO_DOMAIN = "telareview.example"
#: 18 random bytes: 144 bits, 24 characters.
PASSWORD_BYTES = 18


@transaction.atomic
def add_person(email: str, role: str, workspace: Workspace) -> tuple[Person, str | None]:
    """The person with `role` in `workspace`, and the password made for them, or None if they could sign in before.

    Called again it changes the role; a password is never changed.
    """
    person, created = Person.objects.get_or_create(email=email.strip().lower())
    password = None
    if created:
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        person.set_password(password)
    if role == Role.ADMIN:
        person.is_staff = True
    person.save()
    Membership.objects.update_or_create(person=person, workspace=workspace, defaults={"role": role})
    return person, password


def ensure_first_admin(workspace: Workspace, email: str) -> str | None:
    """Makes `email` administrator if the workspace has none; the password made for them, None where none was made."""
    if Membership.objects.filter(workspace=workspace, role=Role.ADMIN, person__is_active=True).exists():
        return None
    _person, password = add_person(email, Role.ADMIN, workspace)
    return password


@transaction.atomic
def ensure_demo_people(workspace: Workspace, password: str) -> list[tuple[str, str]]:
    """One person for each role, all with `password`: (e-mail, role) from viewer to administrator.

    They share one hash, which is computed only when the password is new: hashing is slow on purpose.
    """
    people = {role: Person.objects.filter(email=f"{role.value}@{DEMO_DOMAIN}").first() for role in Role}
    hashes = {person.password if person else "" for person in people.values()}
    if len(hashes) > 1 or not check_password(password, next(iter(hashes))):
        hashes = {make_password(password)}
    for role, known in people.items():
        person = known or Person(email=f"{role.value}@{DEMO_DOMAIN}")
        person.password = next(iter(hashes))
        person.is_staff = role == Role.ADMIN
        person.save()
        Membership.objects.update_or_create(person=person, workspace=workspace, defaults={"role": role})
    return [(f"{role.value}@{DEMO_DOMAIN}", role.value) for role in Role]
