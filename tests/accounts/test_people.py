from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from telareview.accounts.models import Membership, Person
from telareview.accounts.people import add_person, ensure_demo_people, ensure_first_admin
from tests.accounts.cast import PASSWORD, make_person

pytestmark = pytest.mark.django_db


def test_an_email_address_names_one_person_whatever_its_case():
    make_person(email="Ana.Souza@Acme.example")

    with pytest.raises(IntegrityError):
        make_person(email="ana.souza@acme.EXAMPLE")


def test_the_database_itself_refuses_capitals():
    person = make_person(email="ana@acme.example")

    with pytest.raises(IntegrityError, match="person_email_in_lower_case"):
        Person.objects.filter(pk=person.pk).update(email="ANA@acme.example")


def test_a_new_person_gets_a_password_that_works_once_printed(acme):
    person, password = add_person("Ana@acme.example", "auditor", acme)

    assert password is not None
    assert len(password) >= 20
    assert person.check_password(password)
    assert Membership.objects.get(person=person, workspace=acme).role == "auditor"
    assert not person.is_staff


def test_adding_again_changes_the_role_and_never_the_password(acme):
    make_person("viewer", acme, email="ana@acme.example")

    person, password = add_person("ANA@acme.example", "admin", acme)

    assert password is None
    assert person.check_password(PASSWORD)
    assert person.is_staff
    assert Membership.objects.get(person=person).role == "admin"


def test_the_first_admin_is_made_only_where_there_is_none(acme):
    assert ensure_first_admin(acme, "first@acme.example") is not None
    assert ensure_first_admin(acme, "second@acme.example") is None
    assert not Person.objects.filter(email="second@acme.example").exists()


def test_the_demo_has_one_person_for_each_role_and_stays_as_it_is(acme):
    first = ensure_demo_people(acme, "demo")
    hashes = set(Person.objects.values_list("password", flat=True))
    again = ensure_demo_people(acme, "demo")

    assert first == again
    assert [role for _email, role in first] == ["viewer", "auditor", "operator", "reviewer", "admin"]
    assert set(Person.objects.values_list("password", flat=True)) == hashes
    assert all(Person.objects.get(email=email).check_password("demo") for email, _role in first)


def test_the_command_prints_the_password_of_a_new_person_once(acme):
    out = StringIO()

    call_command("add_person", "ana@acme.example", role="operator", workspace="acme", stdout=out)
    password = out.getvalue().split("Password, shown this once: ")[1].strip()
    again = StringIO()
    call_command("add_person", "ana@acme.example", role="viewer", workspace="acme", stdout=again)

    assert Person.objects.get(email="ana@acme.example").check_password(password)
    assert "Password" not in again.getvalue()


@pytest.mark.parametrize(
    ("email", "workspace", "sentence"),
    [("nobody", "acme", "no e-mail address"), ("ana@acme.example", "elsewhere", "There is: acme")],
)
def test_wrong_use_of_the_command_exits_with_two(acme, email, workspace, sentence):
    with pytest.raises(CommandError, match=sentence) as caught:
        call_command("add_person", email, role="viewer", workspace=workspace)
    assert caught.value.returncode == 2
