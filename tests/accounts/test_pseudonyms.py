"""A workspace may hide people from viewers and operators: on every page, and in every file."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telareview.accounts.models import Workspace
from telareview.accounts.pseudonyms import people_shown_to, person_shown, pseudonym
from telareview.exports.people import Pseudonym
from telareview.tasks.models import Task
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.tasks.cards import card
from tests.tasks.records import approved, mirrored, task_id

pytestmark = pytest.mark.django_db

ANA, MARIA, ZOE = "ana.souza@acme.example", "maria@acme.example", "zoe.reviser@acme.example"
TASK = f"/tasks/{task_id(1)}/"
PAGES = (
    "/tasks/?cols=name,createdBy,approvedBy",
    "/tasks/?cols=name,createdBy,approvedBy&asOf=2026-03-03",
    TASK,
    *(f"{TASK}{tab}/" for tab in ("summary", "changes", "history", "input", "raw")),
    f"{TASK}raw.json",
    f"{TASK}versions/1/",
)
FILES = tuple(f"/tasks.csv?profile={name}" for name in ("machine", "excel", "ndjson"))


@pytest.fixture
def secretive(db, settings, tmp_path):
    """A workspace that hides people, with a task that three of them worked on."""
    settings.VAR_DIR = tmp_path
    workspace = make_workspace("acme")
    workspace.hide_people = True
    workspace.save()
    mirrored(workspace, approved(1, by=ANA, createdBy=MARIA, metadata={"editedFields": [edit("cliente", ZOE)]}))
    return workspace


def edit(path, author):
    return {"path": path, "author": author, "editedAt": "2026-03-01T12:30:00.000Z", "previousValue": "?"}


def text_of(client, address) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return (response.getvalue() if response.streaming else response.content).decode()


@pytest.mark.parametrize("address", [*PAGES, *FILES])
def test_an_operator_reads_pseudonyms_everywhere(secretive, address):
    operator = signed_in(make_person("operator", secretive, "op@other.example"))

    text = text_of(operator, address)

    assert not any(who in text for who in (ANA, MARIA, ZOE))


def test_the_pseudonyms_tell_people_apart(secretive):
    operator = signed_in(make_person("operator", secretive))

    shown = set(re.findall(r"person-[0-9a-f]{10}", text_of(operator, "/tasks/?cols=name,createdBy,approvedBy")))
    filed = set(re.findall(r"person-[0-9a-f]{10}", text_of(operator, "/tasks.csv")))

    assert shown == filed == {pseudonym(ANA, secretive), pseudonym(MARIA, secretive)}


@pytest.mark.parametrize("role", ["auditor", "reviewer", "admin"])
def test_those_with_the_right_read_addresses(secretive, role):
    client = signed_in(make_person(role, secretive))

    assert ANA in text_of(client, "/tasks/")
    assert ANA in text_of(client, "/tasks.csv")
    assert ZOE in text_of(client, f"{TASK}changes/")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_everybody_reads_addresses_where_nothing_is_hidden(secretive, role):
    Workspace.objects.update(hide_people=False)
    client = signed_in(make_person(role, secretive))

    assert ANA in text_of(client, "/tasks/")
    assert ANA in text_of(client, f"{TASK}raw.json")


def test_what_was_hidden_from_one_reader_is_not_from_the_next(secretive):
    operator, auditor = (signed_in(make_person(role, secretive)) for role in ("operator", "auditor"))

    assert ANA not in text_of(operator, "/tasks/")
    assert ANA in text_of(auditor, "/tasks/")
    assert person_shown(ANA) == ANA


def test_nobody_stays_nobody_and_each_workspace_has_its_own_words(secretive):
    membership = make_person("viewer", secretive).memberships.get()

    with people_shown_to(membership):
        assert (person_shown(None), person_shown("")) == (None, "")
        assert person_shown(ANA) == person_shown(ANA.upper()) == pseudonym(ANA, secretive)
    assert pseudonym(ANA, make_workspace("other")) != pseudonym(ANA, secretive)


@given(address=st.emails() | st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_says_the_same_pseudonym(secretive, address):
    Task.objects.all().delete()
    card(secretive, created_by=address).save()

    found = Task.objects.annotate(shown=Pseudonym("created_by", secretive)).values_list("shown", flat=True).get()

    assert found == pseudonym(address, secretive)
