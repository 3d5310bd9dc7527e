"""The cast: two workspaces, and people in them."""

from django.test import Client

from telareview.accounts.models import Membership, Person, Workspace

PASSWORD = "correct horse battery staple"


def make_workspace(slug: str = "acme", name: str = "") -> Workspace:
    return Workspace.objects.create(slug=slug, name=name or slug.title())


def make_person(role: str = "", workspace: Workspace | None = None, email: str = "", **fields) -> Person:
    person = Person.objects.create_user(email or f"{role or 'visitor'}@acme.example", PASSWORD, **fields)
    if workspace:
        Membership.objects.create(person=person, workspace=workspace, role=role)
    return person


def signed_in(person: Person, **extra) -> Client:
    client = Client(**extra)
    client.force_login(person)
    return client
