"""The administration pages: who gets in, how far they see, and that no key comes out."""

import pytest
from django.test import Client

from telareview.accounts.models import Membership, Person, Workspace
from tests.accounts.cast import PASSWORD, make_person, signed_in

pytestmark = pytest.mark.django_db

KEY = "tela-key-4711-do-not-show"
SECRET = "hook-secret-4711-do-not-show"
PEOPLE = "/admin/accounts/person/"
WORKSPACES = "/admin/accounts/workspace/"


@pytest.fixture
def boss(acme):
    acme.set_api_key(KEY)
    acme.set_webhook_secret(SECRET)
    acme.save()
    return make_person("admin", acme, is_staff=True)


def person_form(**changes):
    return {
        "email": "ana@acme.example",
        "name": "Ana",
        "is_active": "on",
        "time_zone": "America/Sao_Paulo",
        "theme": "auto",
        "density": "comfortable",
        "page_size": "50",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
        **changes,
    }


def test_a_visitor_is_sent_to_the_products_own_sign_in(db):
    response = Client().get("/admin/", follow=True)

    assert [address for address, _status in response.redirect_chain][-1] == "/accounts/login/?next=/admin/"


@pytest.mark.parametrize("role", ["", "viewer"])
def test_the_admins_own_sign_in_form_takes_no_password(boss, acme, role):
    client = signed_in(make_person(role, acme, is_staff=True)) if role else Client()

    client.post("/admin/login/?next=/admin/", {"username": boss.email, "password": PASSWORD})

    assert client.get(PEOPLE).status_code == 302


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator", "reviewer"])
@pytest.mark.parametrize("is_staff", [False, True])
def test_only_the_role_of_administrator_gets_in(acme, role, is_staff):
    client = signed_in(make_person(role, acme, is_staff=is_staff))

    assert client.get(PEOPLE, follow=True).status_code == 403


def test_an_administrator_who_is_not_marked_as_staff_stays_out(acme):
    assert signed_in(make_person("admin", acme)).get(PEOPLE, follow=True).status_code == 403


def test_only_people_and_workspaces_are_there(boss):
    page = signed_in(boss).get("/admin/").content.decode()

    assert "/admin/accounts/person/" in page
    assert "/admin/auth/group/" not in page
    assert "/admin/procrastinate/" not in page


def test_the_key_and_the_secret_are_on_no_page(boss, acme):
    client = signed_in(boss)
    addresses = [
        "/admin/",
        WORKSPACES,
        f"{WORKSPACES}add/",
        f"{WORKSPACES}{acme.pk}/change/",
        f"{WORKSPACES}{acme.pk}/history/",
    ]

    pages = [client.get(address) for address in addresses]

    assert [page.status_code for page in pages] == [200] * len(addresses)
    for page in pages:
        text = page.content.decode()
        assert KEY not in text
        assert SECRET not in text
        assert acme.api_key_encrypted not in text
    assert "stored" in pages[3].content.decode()


def test_an_empty_field_keeps_the_key_and_a_filled_one_replaces_it(boss, acme):
    client = signed_in(boss)
    address = f"{WORKSPACES}{acme.pk}/change/"

    client.post(address, {"slug": "acme", "name": "Acme", "api_key": "", "webhook_secret": ""})
    kept = Workspace.objects.get(pk=acme.pk).api_key.reveal()
    shown = client.post(address, {"slug": "acme", "name": "", "api_key": "new-key-0815", "webhook_secret": ""})
    client.post(address, {"slug": "acme", "name": "Acme", "api_key": "new-key-0815", "webhook_secret": ""})

    assert kept == KEY
    assert "new-key-0815" not in shown.content.decode()
    assert Workspace.objects.get(pk=acme.pk).api_key.reveal() == "new-key-0815"
    assert Workspace.objects.get(pk=acme.pk).webhook_secret.reveal() == SECRET


def test_the_address_of_the_api_cannot_be_turned_to_another_host(boss, acme):
    signed_in(boss).post(
        f"{WORKSPACES}{acme.pk}/change/",
        {"slug": "acme", "name": "Acme", "api_url": "https://evil.example", "api_key": "", "webhook_secret": ""},
    )

    assert Workspace.objects.get(pk=acme.pk).api_url == "https://api.tela.com"


def test_a_changed_secret_key_is_told_and_breaks_no_page(boss, acme, settings):
    settings.SECRET_KEY_FALLBACKS = []
    client = Client()
    settings.SECRET_KEY = "another" * 10
    client.force_login(boss)

    page = client.get(f"{WORKSPACES}{acme.pk}/change/")

    assert page.status_code == 200
    assert "SECRET_KEY has changed" in page.content.decode()


def test_the_short_name_stays(boss, acme):
    signed_in(boss).post(
        f"{WORKSPACES}{acme.pk}/change/", {"slug": "renamed", "name": "Renamed", "api_key": "", "webhook_secret": ""}
    )

    acme.refresh_from_db()
    assert (acme.slug, acme.name) == ("acme", "Renamed")


def test_a_workspace_is_not_deleted_here(boss, acme):
    assert signed_in(boss).post(f"{WORKSPACES}{acme.pk}/delete/", {"post": "yes"}).status_code == 403


def test_who_makes_a_workspace_administers_it(boss, settings):
    settings.TELA_API_URL = "https://api.tela.example"

    signed_in(boss).post(
        f"{WORKSPACES}add/", {"slug": "new", "name": "New", "api_key": KEY, "webhook_secret": "", "allow_writes": ""}
    )

    made = Workspace.objects.get(slug="new")
    assert made.api_url == "https://api.tela.example"
    assert Membership.objects.get(workspace=made, person=boss).role == "admin"


def test_workspaces_and_people_of_others_are_not_to_be_seen(boss, other):
    foreign = make_person("viewer", other, email="carla@other.example")
    client = signed_in(boss)

    assert "carla@other.example" not in client.get(PEOPLE).content.decode()
    assert client.get(f"{PEOPLE}{foreign.pk}/change/").status_code == 302
    assert "/accounts/workspace/" + str(other.pk) not in client.get(WORKSPACES).content.decode()
    assert client.get(f"{WORKSPACES}{other.pk}/change/").status_code == 302


def test_a_person_who_also_belongs_to_others_can_be_seen_but_not_taken_over(boss, acme, other):
    carla = make_person("viewer", acme, email="carla@acme.example")
    Membership.objects.create(person=carla, workspace=other, role="admin")
    client = signed_in(boss)

    seen = client.get(f"{PEOPLE}{carla.pk}/change/")
    posted = client.post(f"{PEOPLE}{carla.pk}/change/", person_form(email="carla@acme.example", is_active=""))
    password = client.post(
        f"{PEOPLE}{carla.pk}/password/", {"password1": "a new long one 7", "password2": "a new long one 7"}
    )
    deleted = client.post(f"{PEOPLE}{carla.pk}/delete/", {"post": "yes"})

    assert seen.status_code == 200
    assert (posted.status_code, password.status_code, deleted.status_code) == (403, 403, 403)
    carla.refresh_from_db()
    assert carla.is_active
    assert carla.check_password(PASSWORD)


def test_people_are_added_with_a_role_in_an_own_workspace_only(boss, acme, other):
    client = signed_in(boss)
    added = client.post(
        f"{PEOPLE}add/",
        {
            "email": "Ana@acme.example",
            "name": "Ana",
            "password1": "a new long one 7",
            "password2": "a new long one 7",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )
    ana = Person.objects.get(email="ana@acme.example")
    address = f"{PEOPLE}{ana.pk}/change/"
    row = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-0-person": str(ana.pk),
        "memberships-0-role": "auditor",
    }

    foreign = client.post(address, person_form(**row, **{"memberships-0-workspace": str(other.pk)}))
    own = client.post(address, person_form(**row, **{"memberships-0-workspace": str(acme.pk)}))

    assert added.status_code == 302
    assert foreign.status_code == 200
    assert own.status_code == 302
    assert list(ana.memberships.values_list("workspace__slug", "role")) == [("acme", "auditor")]


def test_an_administrator_sets_a_new_password_for_a_person_of_theirs(boss, acme):
    ana = make_person("viewer", acme, email="ana@acme.example")

    signed_in(boss).post(
        f"{PEOPLE}{ana.pk}/password/",
        {"password1": "a new long one 7", "password2": "a new long one 7", "usable_password": "true"},
    )

    ana.refresh_from_db()
    assert ana.check_password("a new long one 7")
